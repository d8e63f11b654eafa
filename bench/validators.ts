import { setTimeout as wait } from 'node:timers/promises';
import { validatorName } from '../domain/network/network.ts';
import { VALIDATOR_COUNT, validatorIds } from '../devnet/layout.ts';
import { type Network, startBitcoin } from '../devnet/network.ts';
import { LOOPBACK, portPlan } from '../devnet/ports.ts';
import { validatorSpec } from '../devnet/processes.ts';
import { getJson, untilReady } from '../devnet/ready.ts';
import { validatorEntry } from '../toolchain/validator-entry.mjs';
import { type BareMesh, withBareMesh } from './bare-mesh.ts';
import { freePortBase, withNetwork } from './devnet.ts';
import type { Measure, Reading } from './measure.ts';
import { comparePairs, maximum, median, type Pair } from './statistics.ts';
import { residentMib } from './resident.ts';

const RUNS = 3;
/** After the mesh is whole: what loading left behind has been collected by then, as much as it ever will be. */
const SETTLE_MS = 10_000;
const MESH_MS = 120_000;

export const validators: Measure = {
  name: 'validators',
  about:
    `${VALIDATOR_COUNT} validator processes, each with its SoftHSM2 token (or sealed files), journal and view of one of three running Bitcoin nodes. Start: from ` +
    'the first process being started until every one of them reports all others as connected. Memory: resident set of each process ' +
    `${SETTLE_MS / 1_000} s after that, median of all. Floor: ${VALIDATOR_COUNT} bare libp2p processes (bench/bare-libp2p.ts: the same libp2p modules, settings and Node ` +
    'flags, and nothing else, loaded from its packages where a validator runs from its bundle), started and read the same way right before.',
  async run(setting) {
    const { runs = RUNS, say, signal } = setting;
    const memory: Pair[] = [];
    const start: Pair[] = [];
    for (let round = 1; round <= runs; round += 1) {
      const bare = await bareRound(signal);
      const ours = await withNetwork(setting, validatorRound);
      memory.push({ result: ours.mib, floor: bare.mib });
      start.push({ result: ours.meshMs / 1_000, floor: bare.meshMs / 1_000 });
      say(`${round} of ${runs}: mesh after ${(ours.meshMs / 1_000).toFixed(1)} s, ${ours.mib.toFixed(0)} MiB each`);
    }
    return readings(memory, start);
  },
};

type Round = { readonly meshMs: number; readonly mib: number };

async function bareRound(signal: AbortSignal): Promise<Round> {
  const { p2p } = portPlan(await freePortBase());
  return withBareMesh(validatorIds().map(p2p), signal, ({ meshMs, pids }: BareMesh) => settled(meshMs, pids, signal));
}

async function validatorRound(network: Network): Promise<Round> {
  await startBitcoin(network);
  const { layout, ports, storage, supervisor, signal } = network;
  await validatorEntry(); // what has to be built once per version of the sources is no part of a start
  const startedAt = performance.now();
  const services = await Promise.all(validatorIds().map((id) => supervisor.run(validatorSpec(layout, storage, id))));
  await Promise.all(
    validatorIds().map((id) =>
      untilReady({ what: validatorName(id), log: layout.validator(id).log, timeoutMs: MESH_MS, signal }, async () => {
        const { peer_count: peers } = await getJson(`http://${LOOPBACK}:${ports.api(id)}/api/v1/status`);
        if (peers === VALIDATOR_COUNT - 1) return true;
        throw new Error(`it is connected to ${String(peers)} others`);
      }),
    ),
  );
  const meshMs = performance.now() - startedAt;
  return settled(
    meshMs,
    services.map((service) => service.pid() ?? 0),
    signal,
  );
}

async function settled(meshMs: number, pids: readonly number[], signal: AbortSignal): Promise<Round> {
  await wait(SETTLE_MS, undefined, { signal });
  return { meshMs, mib: median(pids.map(residentMib)) };
}

function readings(memory: readonly Pair[], start: readonly Pair[]): readonly Reading[] {
  const held = comparePairs(memory);
  const begun = comparePairs(start);
  const list = (pairs: readonly Pair[], digits: number): string =>
    pairs.map(({ result, floor }) => `${result.toFixed(digits)}/${floor.toFixed(digits)}`).join(', ');
  return [
    {
      title: 'memory of a validator',
      unit: 'MiB',
      result: held.result,
      floor: held.floor,
      ratio: held.ratio,
      target: { of: 'ratio', max: 1.5 },
      detail: `${memory.length} starts, medians of ${VALIDATOR_COUNT} processes, ours/bare: ${list(memory, 0)}`,
    },
    {
      title: `start of ${VALIDATOR_COUNT} validators to a full mesh`,
      unit: 's',
      result: begun.result,
      floor: begun.floor,
      ratio: begun.ratio,
      target: { of: 'result', max: 15 },
      detail: `${start.length} starts, slowest ${maximum(start.map(({ result }) => result)).toFixed(1)} s, ours/bare: ${list(start, 1)}`,
    },
  ];
}
