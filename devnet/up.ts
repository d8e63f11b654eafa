import { existsSync } from 'node:fs';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { findTool, toolPath } from '../toolchain/tools.mjs';
import { writeAlertIntake } from './alerts.ts';
import { prepareCommittee } from './committee.ts';
import { endLeftovers } from './down.ts';
import { requireOwnFolder, takeFolder, writing } from './folder.ts';
import { makeNetwork, networkExists } from './genesis.ts';
import { type Layout, layout as layoutOf } from './layout.ts';
import { writeMonitoringSettings } from './monitoring/settings.ts';
import { writeOperatorFile } from './operator-file.ts';
import type { UpOptions } from './options.ts';
import { PORT_BASE_DEFAULT, portPlan, type PortPlan, requireFreePorts } from './ports.ts';
import type { Tools } from './processes.ts';
import { drawSecrets } from './receivers/secrets.ts';
import { type DevnetState, openLedger, readState } from './supervisor/ledger.ts';
import { supervise, type SupervisorEvent } from './supervisor/supervisor.ts';
import { type Network } from './network.ts';
import { writeWatchdog } from './watchdog.ts';
import { type KeyStorageChoice, storageInUse } from './validators.ts';

export type Prepared = {
  readonly layout: Layout;
  readonly ports: PortPlan;
  readonly tools: Tools;
  readonly storage: KeyStorageChoice;
  /** The network was there before. */
  readonly resumed: boolean;
  readonly leftovers: readonly string[];
  release(): void;
};

/**
 * Takes the data folder for this process, ends what a crash left in it, and makes sure that everything can start. What a new network would
 * be refused for is found out before its folder is touched.
 */
export async function prepare(options: UpOptions): Promise<Prepared> {
  const layout = layoutOf(options.data);
  const resumed = networkExists(layout);
  const before = resumed ? readState(layout.state) : undefined;
  const ports = portPlan(portBaseFor(options, before));
  const tools = await findTools();
  const storage = await chooseStorage(options, resumed ? storageInUse(layout) : undefined);
  if (!resumed) {
    await requireFreePorts(ports);
    requireOwnFolder(layout);
  }
  const lock = takeFolder(layout);
  try {
    const leftovers = await endLeftovers(layout);
    // Only now: what a crash left holds them.
    if (resumed) await requireFreePorts(ports, options.data);
    return { layout, ports, tools, storage, resumed, leftovers, release: lock.release };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function findTools(): Promise<Tools> {
  return {
    temporal: await toolPath('temporal'),
    btcd: await toolPath('btcd'),
    prometheus: await toolPath('prometheus'),
    alertmanager: await toolPath('alertmanager'),
  };
}

/** The genesis names the ports of its validators: an existing network keeps its base. */
function portBaseFor(options: UpOptions, before: DevnetState | undefined): number {
  const { portBase } = options;
  if (before === undefined) return portBase ?? PORT_BASE_DEFAULT;
  if (portBase === undefined || portBase === before.portBase) return before.portBase;
  throw new FirebreakFailure(
    'input.usage',
    `the network in ${options.data} was made with --port-base ${before.portBase}, which its genesis names; purge it or give another --data`,
  );
}

async function chooseStorage(options: UpOptions, inUse: 'hsm' | 'file' | undefined): Promise<KeyStorageChoice> {
  if (inUse !== undefined && options.keystore !== 'auto' && options.keystore !== inUse) {
    throw new FirebreakFailure(
      'input.usage',
      `the network in ${options.data} seals by ${inUse}; purge it or give another --data`,
    );
  }
  const wanted = inUse ?? options.keystore;
  if (wanted === 'file') return { type: 'file' };
  const module = (await findTool('softhsm2'))?.path;
  const utility = (await findTool('softhsm2-util'))?.path;
  if (module !== undefined && utility !== undefined && existsSync(module)) return { type: 'hsm', module, utility };
  if (wanted === 'auto') return { type: 'file' };
  throw new FirebreakFailure('unavailable.keystore-absent', 'SoftHSM2 was not found on this machine');
}

/** Writes a new network's files, or refreshes what depends on where it runs; what a person has to do about them comes back in words. */
export const prepareFiles = (prepared: Prepared): Promise<readonly string[]> =>
  writing(prepared.layout.root, async () => writeFiles(prepared));

async function writeFiles(prepared: Prepared): Promise<readonly string[]> {
  const { layout, ports } = prepared;
  if (!prepared.resumed) await makeNetwork(layout, ports, prepared.storage);
  else writeOperatorFile(layout, ports);
  drawSecrets(layout.receivers.dir);
  writeMonitoringSettings(layout, ports);
  // Before the playbooks: which of them lie there tells whether api.toml is still as a start has left it.
  const words = writeAlertIntake(layout, ports);
  writeWatchdog(layout, ports);
  return [...words, ...(await prepareCommittee(layout))];
}

export function openNetwork(
  prepared: Prepared,
  signal: AbortSignal,
  onEvent: (event: SupervisorEvent) => void,
): Network {
  const { layout, ports, tools, storage } = prepared;
  const ledger = openLedger(layout.state, { portBase: ports.base, keystore: storage.type });
  return { layout, ports, tools, storage: storage.type, supervisor: supervise(ledger, onEvent), signal };
}
