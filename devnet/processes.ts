import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ValidatorId, validatorName } from '../domain/network/network.ts';
import { leanNodeFlags } from '../toolchain/lean-node.mjs';
import { validatorEntry } from '../toolchain/validator-entry.mjs';
import { healthArguments, temporalArguments } from '../workers/server.ts';
import { startBtcd } from './bitcoin/btcd.ts';
import type { RunningBitcoinNode } from './bitcoin/node-process.ts';
import { type Layout, NODE_COUNT } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';
import { launch, plainEnvironment } from './supervisor/launch.ts';
import type { ServiceSpec } from './supervisor/supervisor.ts';
import { validatorEnvironment } from './validators.ts';

const entry = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'];

/** Paths of the outside programs; found or built before anything starts. */
export type Tools = Readonly<Record<'temporal' | 'btcd' | 'prometheus' | 'alertmanager', string>>;

/** The development server on its file. The caller holds the lock of the data folder: the file itself has none. */
export function temporalSpec(layout: Layout, ports: PortPlan, tools: Tools): ServiceSpec {
  mkdirSync(layout.temporal.dir, { recursive: true, mode: 0o700 });
  const args = temporalArguments({
    ip: LOOPBACK,
    port: ports.temporal,
    uiPort: ports.temporalUi,
    httpPort: ports.temporalHttp,
    metricsPort: ports.temporalMetrics,
    databaseFile: layout.temporal.database,
  });
  const { log, dir } = layout.temporal;
  return {
    name: 'temporal',
    group: 'Temporal',
    log,
    start: () => launch({ command: tools.temporal, args, cwd: dir, env: plainEnvironment(), log }),
  };
}

export const temporalHealth = (ports: PortPlan): string[] => healthArguments(`${LOOPBACK}:${ports.temporal}`);

/** Node `n` connects to all before it; `started` is told each time, since a restarted node is another process. */
export function bitcoinSpec(
  layout: Layout,
  ports: PortPlan,
  tools: Tools,
  node: number,
  started: (running: RunningBitcoinNode) => void,
): ServiceSpec {
  const others = Array.from({ length: NODE_COUNT }, (_unused, index) => index + 1).filter((other) => other < node);
  const { dir, log } = layout.bitcoin(node);
  return {
    name: `bitcoin-${node}`,
    group: 'Bitcoin nodes',
    log,
    start: async () => {
      const running = await startBtcd({
        binary: tools.btcd,
        dir,
        rpcPort: ports.bitcoinRpc(node),
        p2pPort: ports.bitcoinP2p(node),
        connect: others.map((other) => `${LOOPBACK}:${ports.bitcoinP2p(other)}`),
      });
      started(running);
      return running;
    },
  };
}

/** How a validator is started other than usual: what a fault needs. */
export type ValidatorProgram = {
  /** Instead of the agent itself. */
  readonly entry?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export function validatorSpec(
  layout: Layout,
  storage: 'hsm' | 'file',
  id: ValidatorId,
  program: ValidatorProgram = {},
): ServiceSpec {
  const { dir, config, log } = layout.validator(id);
  return {
    name: validatorName(id),
    group: 'validators',
    log,
    start: async () =>
      launch({
        command: process.execPath,
        args: [
          ...leanNodeFlags,
          ...(program.flags ?? []),
          program.entry ?? (await validatorEntry()),
          'run',
          '--config',
          config,
        ],
        cwd: dir,
        env: plainEnvironment({ ...validatorEnvironment(layout, storage, id), ...program.env }),
        log,
      }),
  };
}

export const workerName = (worker: number): string => `worker-${worker}`;

export function workerSpec(layout: Layout, worker: number): ServiceSpec {
  const { dir, config, log } = layout.coordinator(worker);
  return {
    name: workerName(worker),
    group: 'workers',
    log,
    start: () =>
      launch({
        command: process.execPath,
        args: [...NODE_FLAGS, entry('workers/main.ts'), '--config', config],
        cwd: dir,
        env: plainEnvironment(),
        log,
      }),
  };
}

/** The process that alerts are delivered to. */
export function alertsSpec({ alerts }: Layout): ServiceSpec {
  const { dir, config, log } = alerts;
  return {
    name: 'api',
    group: 'alert intake',
    log,
    start: () =>
      launch({
        command: process.execPath,
        args: [...NODE_FLAGS, entry('api/main.ts'), 'run', '--config', config],
        cwd: dir,
        env: plainEnvironment(),
        log,
      }),
  };
}

/** What pages when the rest is gone. */
export function watchdogSpec({ watchdog }: Layout): ServiceSpec {
  const { dir, config, log } = watchdog;
  return {
    name: 'watchdog',
    group: 'watchdog',
    log,
    start: () =>
      launch({
        command: process.execPath,
        args: [...NODE_FLAGS, entry('watchdog/main.ts'), 'run', '--config', config],
        cwd: dir,
        env: plainEnvironment(),
        log,
      }),
  };
}

/** Peers of what tells people, which keep what they hear. */
export function receiversSpec({ receivers }: Layout, ports: PortPlan): ServiceSpec {
  const { dir, log } = receivers;
  const flags = Object.entries(ports.receivers).flatMap(([name, port]) => [`--${name}`, String(port)]);
  return {
    name: 'receivers',
    group: 'receivers',
    log,
    start: () =>
      launch({
        command: process.execPath,
        args: [...NODE_FLAGS, entry('devnet/receivers/main.ts'), '--dir', dir, ...flags],
        cwd: dir,
        env: plainEnvironment(),
        log,
      }),
  };
}
