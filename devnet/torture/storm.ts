import { setTimeout as wait } from 'node:timers/promises';
import type { KeyRef } from '../../workflows/generate-key/messages.ts';
import { workerNames } from '../network.ts';
import type { LiveNetwork } from '../live-network.ts';
import type { Fault, Phase } from './fault.ts';
import { type Arena, inflict, takeBackups } from './inflict.ts';
import { type Ledger, newLedger, type Struck } from './ledger.ts';
import { Lane } from './load.ts';
import { sayFault } from './words.ts';
import type { TorturedNetwork } from './network.ts';

export type Size = {
  /** Vaults side by side. */
  readonly lanes: number;
  /** Payouts before the first fault, by which the rest is measured. */
  readonly calmPayouts: number;
  /** Payouts from the first fault on, at least. */
  readonly payouts: number;
};
export const SIZE: Size = { lanes: 4, calmPayouts: 4, payouts: 30 };

/** Blocks come so often while something waits for one. */
const BLOCK_MS = 1_200;
const AIM_MS = 3_000;
/** The histories of runs are followed by long polls: with stopped workers the last news has arrived by then. */
const NEWS_MS = 25;
/** A fault that cannot be done now is tried again for so long. */
const TRY_MS = 6_000;

/** A payout without faults on two quiet cores, vaults side by side. */
const PAYOUT_MS = 5_000;
const PACE_MAX = 2;

export type Storm = { readonly ledger: Ledger; readonly violations: readonly string[] };

/**
 * The load runs, the faults of the schedule come over it, and when the last one is over the load goes on until every payout is done.
 * What is found to be wrong already here is that something never came to its end.
 */
export async function storm(
  net: TorturedNetwork,
  key: KeyRef,
  faults: readonly Fault[],
  size: Size,
  say: (line: string) => void,
): Promise<Storm> {
  const { live } = net;
  const ledger = newLedger();
  const beganAtMs = Date.now();
  const arena: Arena = { net, ledger, stopped: new Map() };
  const lanes = Array.from({ length: size.lanes }, () => new Lane(live, key, ledger));
  let over = false;
  const wanted = size.calmPayouts + size.payouts;
  const load = Promise.allSettled(lanes.map((lane) => lane.run(() => !over || ledger.payouts.length < wanted)));
  const mined = new AbortController();
  const mining = mineFor(live, lanes, mined.signal);
  try {
    const calmed = await Promise.race([untilPaid(ledger, size.calmPayouts), load]);
    if (calmed !== undefined) return { ledger, violations: violationsOf(calmed) };
    takeBackups(arena);
    const pace = paceOf(Date.now() - beganAtMs, size.calmPayouts);
    ledger.stormAtMs = Date.now();
    const endings: Promise<void>[] = [];
    for (const fault of faults) {
      await wait(Math.max(0, ledger.stormAtMs + fault.atMs * pace - Date.now()));
      endings.push(strike(arena, lanes, fault, say));
    }
    await Promise.all(endings);
    ledger.calmAtMs = Date.now();
    say(`the last fault is over; ${ledger.payouts.length} payouts are done`);
    over = true;
    const ended = await load;
    ledger.doneAtMs = Date.now();
    return { ledger, violations: violationsOf(ended) };
  } finally {
    mined.abort();
    await mining;
  }
}

/** Faults come as far apart as the machine is slow, within bounds: else they are over before the load has seen much of them. */
const paceOf = (calmMs: number, payouts: number): number =>
  Math.min(PACE_MAX, Math.max(1, calmMs / payouts / PAYOUT_MS));

const violationsOf = (ended: readonly PromiseSettledResult<void>[]): string[] =>
  ended.flatMap((each) =>
    each.status === 'rejected' ? [`liveness: ${(each.reason as Error).message ?? String(each.reason)}`] : [],
  );

async function untilPaid(ledger: Ledger, payouts: number): Promise<undefined> {
  while (ledger.payouts.length < payouts) await wait(100);
  return undefined;
}

async function mineFor({ chain }: LiveNetwork, lanes: readonly Lane[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(BLOCK_MS, undefined, { signal }).catch(() => undefined);
    if (lanes.some((lane) => lane.needsBlocks)) await chain.mine(1).catch(() => undefined); // a node that is down takes the next one
  }
}

/** One fault from its aim to its end. Both workers stand still for the moment in which it begins, so that it begins where it is said to. */
async function strike(arena: Arena, lanes: readonly Lane[], fault: Fault, say: (line: string) => void): Promise<void> {
  const { ledger } = arena;
  await aimAt(lanes, fault.aim);
  const deadline = Date.now() + TRY_MS;
  for (;;) {
    const { phases, begun } = await beginIn(arena, lanes, fault);
    const beganAtMs = Date.now();
    const struck = { fault, beganAtMs, endedAtMs: beganAtMs, phases };
    try {
      const end = await begun;
      ledger.strikes.push(struck);
      say(`fault ${fault.number}: ${sayFault(fault)}`);
      await wait(fault.lastsMs);
      await end();
      struck.endedAtMs = Date.now();
      return;
    } catch (error) {
      if (ledger.strikes.includes(struck)) throw error;
      if (Date.now() > deadline || fault.kind !== 'reorg-double-spent') {
        const missed: Struck = { ...struck, missed: (error as Error).message };
        ledger.strikes.push(missed);
        say(`fault ${fault.number}: ${fault.kind} was not done: ${missed.missed}`);
        return;
      }
      await wait(200);
    }
  }
}

/** Resolves when a vault enters the phase, or when it is not worth the wait. */
async function aimAt(lanes: readonly Lane[], phase: Phase): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (lanes.some((lane) => lane.phase === phase)) resolve();
  };
  for (const lane of lanes) lane.onPhase(look);
  look();
  const late = setTimeout(resolve, AIM_MS);
  await promise;
  clearTimeout(late);
}

async function beginIn(
  arena: Arena,
  lanes: readonly Lane[],
  fault: Fault,
): Promise<{ readonly phases: readonly Phase[]; readonly begun: ReturnType<typeof inflict> }> {
  const { supervisor } = arena.net.live;
  for (const name of workerNames()) supervisor.service(name)?.signal('SIGSTOP');
  try {
    await wait(NEWS_MS);
    const phases = lanes.flatMap(({ phase }) => phase ?? []);
    const begun = inflict(arena, fault);
    begun.catch(() => undefined); // its caller waits for it
    return { phases, begun };
  } finally {
    for (const name of workerNames()) if (!arena.stopped.has(name)) supervisor.service(name)?.signal('SIGCONT');
  }
}
