import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNetwork } from '../../../devnet/genesis.ts';
import { type Layout, layout as layoutOf } from '../../../devnet/layout.ts';
import { LOOPBACK, type PortPlan, portPlan } from '../../../devnet/ports.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { type RunOptions, runEntry, type Started, startEntry } from '../../e2e/rig/node-process.ts';
import { freePortBase } from '../../e2e/rig/free-ports.ts';
import { until } from '../../../devnet/until.ts';

/** The files of a whole network of which only single validators are ever started: no server, no Bitcoin node, no peers. */
export type LoneNetwork = {
  readonly layout: Layout;
  readonly data: string;
  readonly ports: PortPlan;
  /** Runs the validator until it ends by itself; what it refuses, it says on standard error. */
  refusalOf(id: ValidatorId, options?: RunOptions): Promise<{ readonly code: number | string; readonly err: string }>;
  /** Starts it and waits until it answers over HTTP. */
  up(id: ValidatorId, options?: RunOptions): Promise<Started>;
  status(id: ValidatorId): Promise<Readonly<Record<string, unknown>>>;
  canSign(id: ValidatorId): Promise<Readonly<Record<string, unknown>>>;
  /** Ends a validator that `up` started, and waits for its end. */
  down(started: Started, signal?: NodeJS.Signals): Promise<void>;
  dispose(): Promise<void>;
};

const START_MS = 30_000;
const ENDS_BY_ITSELF_MS = 20_000;

export async function loneNetwork(): Promise<LoneNetwork> {
  const root = mkdtempSync(join(tmpdir(), 'firebreak-lone-'));
  const layout = layoutOf(join(root, 'net'));
  const ports = portPlan(await freePortBase());
  await makeNetwork(layout, ports, { type: 'file' });
  const running = new Set<Started>();
  const argsOf = (id: ValidatorId): string[] => ['run', '--config', layout.validator(id).config];
  const get = async (url: string): Promise<Readonly<Record<string, unknown>>> =>
    (await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).json()) as Readonly<Record<string, unknown>>;
  const status = (id: ValidatorId) => get(`http://${LOOPBACK}:${ports.api(id)}/api/v1/status`);

  const down = async (started: Started, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    started.signal(signal);
    await started.ended;
    running.delete(started);
  };

  return {
    layout,
    data: layout.root,
    ports,
    status,
    down,
    canSign: (id) => get(`http://${LOOPBACK}:${ports.health(id)}/can-sign`),
    async refusalOf(id, options = {}) {
      const { code, err } = await runEntry('validator/main.ts', argsOf(id), {
        timeoutMs: ENDS_BY_ITSELF_MS,
        ...options,
      });
      return { code, err };
    },
    async up(id, options = {}) {
      const started = startEntry('validator/main.ts', argsOf(id), { timeoutMs: 120_000, ...options });
      running.add(started);
      let gone: string | undefined;
      void started.ended.then(({ code }) => {
        gone = `it ended with ${code}`;
      });
      await until(`validator ${id} answering over HTTP`, { timeoutMs: START_MS }, () => {
        if (gone !== undefined) throw new Error(`${gone}: ${started.said().slice(-2_000)}`);
        return status(id);
      });
      return started;
    },
    async dispose() {
      await Promise.all([...running].map((one) => down(one, 'SIGKILL')));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Each test takes a validator of its own, so that none meets what another broke. */
export function takeTurns(): () => ValidatorId {
  let next = 0;
  return () => validatorId((next += 1));
}
