import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { type ValidatorId, validatorName } from '../domain/network/network.ts';
import type { NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';
import { RegtestDevChain } from './bitcoin/dev-chain.ts';
import { openFaucet } from './bitcoin/faucet.ts';
import type { RunningBitcoinNode } from './bitcoin/node-process.ts';
import { keepBlocks } from './block-keeper.ts';
import type { DevChain } from '../plugins/testkit/dev-chain.ts';
import { type Layout, NODE_COUNT, validatorIds, WORKER_COUNT } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';
import { alertmanagerSpec, prometheusSpec } from './monitoring/specs.ts';
import {
  alertsSpec,
  bitcoinSpec,
  receiversSpec,
  temporalHealth,
  temporalSpec,
  type Tools,
  type ValidatorProgram,
  validatorSpec,
  watchdogSpec,
  workerName,
  workerSpec,
} from './processes.ts';
import { endsForGood, getJson, untilReady } from './ready.ts';
import type { Service, Supervisor } from './supervisor/supervisor.ts';

const run = promisify(execFile);

const TEMPORAL_MS = 90_000;
const VALIDATORS_MS = 120_000;
/** Until a process answers over HTTP that it is ready. */
const ANSWERING_MS = 180_000;

/** One network that is being brought up: what every part of it needs to know. */
export type Network = {
  readonly layout: Layout;
  readonly ports: PortPlan;
  readonly tools: Tools;
  readonly storage: 'hsm' | 'file';
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  /** Which validators run something else; default: none. */
  readonly programOf?: ((id: ValidatorId) => ValidatorProgram) | undefined;
};

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_unused, index) => index + 1);

export async function startTemporal(network: Network): Promise<string> {
  const { layout, ports, tools, supervisor, signal } = network;
  await supervisor.run(temporalSpec(layout, ports, tools));
  await untilReady({ what: 'Temporal', log: layout.temporal.log, timeoutMs: TEMPORAL_MS, signal }, async () => {
    await run(tools.temporal, temporalHealth(ports), { timeout: 5_000 });
    return true;
  });
  return `${LOOPBACK}:${ports.temporal}, UI http://${LOOPBACK}:${ports.temporalUi}`;
}

/** What the demonstration does to the chain; every block is kept for the next start. */
export type DevnetChain = Pick<DevChain, 'mine' | 'fund' | 'tip'>;
export type BitcoinPart = {
  readonly chain: DevnetChain;
  /** The first node, for looking. */
  readonly node: NodeRpc;
};

/** Starts the nodes and mines until the faucet has coins; the chain that comes back can mine and fund. */
export async function startBitcoin(network: Network): Promise<BitcoinPart> {
  const { layout, ports, tools, supervisor } = network;
  const nodes = new Map<number, RunningBitcoinNode>();
  for (const node of numbers(NODE_COUNT)) {
    await supervisor.run(bitcoinSpec(layout, ports, tools, node, (running) => nodes.set(node, running)));
  }
  const faucet = await openFaucet(join(layout.root, 'faucet.key'));
  // Ports and passwords survive a restart, so the first connection of each node is good for all.
  const rpcs = numbers(NODE_COUNT).flatMap((node) => nodes.get(node)?.rpc ?? []);
  const [node] = rpcs;
  if (node === undefined) throw new FirebreakFailure('unavailable.process-ended', 'no Bitcoin node was started');
  const keeper = keepBlocks(layout.blocks);
  await Promise.all(rpcs.map((rpc) => keeper.replay(rpc)));
  const chain = new RegtestDevChain(rpcs, faucet);
  await chain.prepare();
  // A tip of yesterday makes nodes think that they are still catching up.
  await chain.mine(1);
  await keeper.save(node);
  const mine: DevnetChain['mine'] = async (blocks) => {
    const mined = await chain.mine(blocks);
    await keeper.save(node);
    return mined;
  };
  return { chain: { mine, fund: (script, sats) => chain.fund(script, sats), tip: () => chain.tip() }, node };
}

/**
 * All at once, the spare too; ready is what each of them says about itself over HTTP. `launched` is called when all processes exist and
 * before any is ready.
 */
export async function startValidators(
  network: Network,
  say: (line: string) => void,
  launched: () => void = () => undefined,
): Promise<void> {
  const { layout, ports, storage, supervisor, signal, programOf } = network;
  const services = await Promise.all(
    validatorIds().map((id) => supervisor.run(validatorSpec(layout, storage, id, programOf?.(id)))),
  );
  launched();
  let ready = 0;
  await Promise.all(
    validatorIds().map(async (id, index) => {
      const service = services[index];
      const { log } = layout.validator(id);
      const isLost = (): boolean => service !== undefined && endsForGood(service, log);
      await untilReady({ what: validatorName(id), log, timeoutMs: VALIDATORS_MS, signal, isLost, say }, async () => {
        const { status, reasons } = await getJson(`http://${LOOPBACK}:${ports.health(id)}/health`);
        if (status === 'ready') return true;
        throw new Error(`it is ${String(status)}: ${String(reasons)}`);
      });
      ready += 1;
      say(`${ready} of ${validatorIds().length} ready`);
    }),
  );
}

/** Is told now and then what is still waited for. */
type Say = (line: string) => void;

export async function startWorkers(network: Network, say?: Say): Promise<void> {
  const { layout, ports, supervisor } = network;
  const services: Service[] = [];
  for (const worker of numbers(WORKER_COUNT)) services.push(await supervisor.run(workerSpec(layout, worker)));
  await Promise.all(
    services.map((service, index) => {
      const { log } = layout.coordinator(index + 1);
      return answering(network, { service, what: service.name, log, say }, `${ports.workerMetrics(index + 1)}/health`);
    }),
  );
}

/**
 * Prometheus, Alertmanager, the process that takes alerts, and whoever is told. They need Temporal and nothing else, so they start while
 * validators do.
 */
export async function startAlerting(network: Network, say?: Say): Promise<void> {
  const { layout, ports, tools, supervisor } = network;
  const receivers = await supervisor.run(receiversSpec(layout, ports));
  const intake = await supervisor.run(alertsSpec(layout));
  const alertmanager = await supervisor.run(alertmanagerSpec(layout, ports, tools.alertmanager));
  const prometheus = await supervisor.run(prometheusSpec(layout, ports, tools.prometheus));
  const waitFor = (service: Service, what: string, { log }: { readonly log: string }, place: string) =>
    answering(network, { service, what, log, say }, place);
  await Promise.all([
    waitFor(receivers, 'the receivers', layout.receivers, `${ports.receivers.health}/`),
    waitFor(intake, 'the alert intake', layout.alerts, `${ports.alertsMetrics}/health`),
    waitFor(alertmanager, 'Alertmanager', layout.alertmanager, `${ports.alertmanager}/-/ready`),
    waitFor(prometheus, 'Prometheus', layout.prometheus, `${ports.prometheus}/-/ready`),
  ]);
}

/** Last of all: what has not started yet would look lost to it. */
export async function startWatchdog(network: Network, say?: Say): Promise<void> {
  const { layout, ports, supervisor } = network;
  const service = await supervisor.run(watchdogSpec(layout));
  const { log } = layout.watchdog;
  await answering(network, { service, what: 'the watchdog', log, say }, `${ports.watchdog}/health`);
}

type Waiting = {
  readonly service: Service;
  readonly what: string;
  readonly log: string;
  readonly say: Say | undefined;
};

const answering = ({ signal }: Network, { service, what, log, say }: Waiting, place: string): Promise<boolean> => {
  const isLost = (): boolean => endsForGood(service, log);
  return untilReady({ what, log, timeoutMs: ANSWERING_MS, signal, isLost, say }, async () => {
    const response = await fetch(`http://${LOOPBACK}:${place}`, { signal: AbortSignal.timeout(2_000) });
    if (response.ok) return true;
    throw new Error((await response.text()).slice(0, 300));
  });
};

export const workerNames = (): readonly string[] => numbers(WORKER_COUNT).map(workerName);
