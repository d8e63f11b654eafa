import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { readWholeNumber } from '../cli/duration.ts';
import type { Outcome } from '../cli/outcome.ts';
import { type ValidatorId, validatorName } from '../domain/network/network.ts';
import { leanNodeFlags } from '../toolchain/lean-node.mjs';
import { validatorEntry } from '../toolchain/validator-entry.mjs';
import { controlOf } from './control/ask.ts';
import { type Layout, layout as layoutOf } from './layout.ts';
import type { Network } from './network.ts';
import type { CopyOptions } from './options.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';
import { launch, plainEnvironment } from './supervisor/launch.ts';
import type { ServiceSpec } from './supervisor/supervisor.ts';
import { validatorEnvironment } from './validators.ts';

const ID_MAX = 99;
const END_MS = 15_000;

/** A process of a copied folder, which the network itself did not ask for. */
export type RunningCopy = {
  readonly dir: string;
  /** Where it says what it is: `<api>/api/v1/status`. */
  readonly api: string;
  /** `<health>/health` and `/metrics`. */
  readonly health: string;
  stop(): Promise<void>;
};

/** What a control of the devnet starts and ends; one copy of a validator at a time. */
export type Copies = {
  start(id: ValidatorId): Promise<RunningCopy>;
  stop(id: ValidatorId): Promise<RunningCopy>;
};

type Place = Pick<Network, 'layout' | 'ports' | 'storage' | 'supervisor'>;

/** Takes a copy of a validator's folder while it runs, and starts a second process from it: the fault, not the product. */
export async function copyValidator(network: Place, id: ValidatorId): Promise<RunningCopy> {
  takeCopy(network.layout, network.ports, id);
  return runCopy(network, id);
}

/**
 * The moment of the theft: everything of the folder that lasts, as a backup program would take it, with other ports. What the
 * validator decides between this and `runCopy` is what the copy does not know. Gives the folder of the copy.
 */
export function takeCopy(layout: Layout, ports: PortPlan, id: ValidatorId): string {
  const from = layout.validator(id);
  const to = layout.copyOf(id);
  if (!existsSync(from.config)) throw new Error(`this devnet has no validator ${id}`);
  backUp(layout, id, to.dir);
  writeFileSync(to.config, elsewhere(readFileSync(from.config, 'utf8'), ports, id), { mode: 0o600 });
  return to.dir;
}

/** Everything of a validator's folder that lasts, taken while it runs, as a backup program would. */
export function backUp(layout: Layout, id: ValidatorId, to: string): void {
  const { dir, journal: file } = layout.validator(id);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true, mode: 0o700 });
  // The mark first: it says how many writes the journal must hold at least.
  for (const name of ['journal.mark', ...readdirSync(dir).filter((each) => !LEFT.test(each))])
    copyFileSync(join(dir, name), join(to, name));
  const journal = new DatabaseSync(file, { readOnly: true });
  try {
    journal.prepare('VACUUM INTO ?').run(join(to, 'journal.sqlite'));
  } finally {
    journal.close();
  }
}

/** Logs and locks, the index of the chain, which is a cache, and the journal, which is copied whole. */
const LEFT = /\.log$|\.lock$|^chain\.sqlite|^journal\.(?:sqlite|mark)/;

function elsewhere(toml: string, ports: PortPlan, id: ValidatorId): string {
  const { p2p, api, health } = ports.copyOf(id);
  return toml
    .replace(/^p2p_listen = .*$/m, `p2p_listen = "${LOOPBACK}:${p2p}"`)
    .replace(/^metrics_port = .*$/m, `metrics_port = ${health}`)
    .replace(/^health_check_port = .*$/m, `health_check_port = ${api}`);
}

/** Starts the process of a copy that `takeCopy` made. It ends with the network, and stays ended when it ends. */
export async function runCopy({ layout, ports, storage, supervisor }: Place, id: ValidatorId): Promise<RunningCopy> {
  const { dir } = layout.copyOf(id);
  const service = await supervisor.run(copySpec(layout, storage, id));
  const { api, health } = ports.copyOf(id);
  return {
    dir,
    api: `http://${LOOPBACK}:${api}`,
    health: `http://${LOOPBACK}:${health}`,
    async stop() {
      service.signal('SIGTERM');
      const deadline = Date.now() + END_MS;
      while (service.pid() !== undefined && Date.now() < deadline) await wait(50);
      service.signal('SIGKILL');
    },
  };
}

function copySpec(layout: Layout, storage: 'hsm' | 'file', id: ValidatorId): ServiceSpec {
  const { dir, config, log } = layout.copyOf(id);
  return {
    name: `${validatorName(id)}-copy`,
    group: 'copies',
    log,
    once: true,
    start: async () =>
      launch({
        command: process.execPath,
        args: [...leanNodeFlags, await validatorEntry(), 'run', '--config', config],
        cwd: dir,
        env: plainEnvironment(validatorEnvironment(layout, storage, id)),
        log,
      }),
  };
}

/** The copies of a running network, for whoever asks over its control. */
export function copiesOf(network: Place): Copies {
  const running = new Map<ValidatorId, RunningCopy>();
  return {
    async start(id) {
      if (network.supervisor.service(`${validatorName(id)}-copy`)?.pid() !== undefined)
        throw new Error(`a copy of validator ${id} runs already`);
      const copy = await copyValidator(network, id);
      running.set(id, copy);
      return copy;
    },
    async stop(id) {
      const copy = running.get(id);
      if (copy === undefined) throw new Error(`no copy of validator ${id} runs`);
      await copy.stop();
      running.delete(id);
      return copy;
    },
  };
}

/** `devnet copy`: asks the running network for it. */
export async function copy(options: CopyOptions): Promise<Outcome> {
  const validator = readWholeNumber(options.validator, 'the validator', 1, ID_MAX);
  const layout = layoutOf(options.data);
  const done = await controlOf(layout)({ order: options.stop ? 'end-copy' : 'copy', validator });
  const { folder = '', api = '' } = done.copy ?? {};
  return {
    data: { validator, folder, api, running: !options.stop },
    lines: options.stop
      ? [`the copy of validator ${validator} has ENDED; within a minute its peers see one process again`]
      : [`a copy of validator ${validator} RUNS from ${folder}`, `  it says what it is at ${api}/api/v1/status`],
    ...(options.stop ? {} : { next: `devnet copy ${validator} --stop` }),
  };
}
