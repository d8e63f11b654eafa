import type { ChainAnchor } from '../domain/ceremony/ceremony.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { WatchedOutput } from '../domain/ports/chain.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { PayoutPlace } from './payouts.ts';
import { caughtUpOf, sightOf, watchInSight } from './sight.ts';
import { until } from './waiting.ts';

const LOOK_MS = 300;
/** A mempool forgets, a reorg drops: the same bytes are handed in again while the coins are unspent. */
const REBROADCAST_MS = 10_000;

/** How the coins of a payout stand in the chain that is canonical now, whoever spent them. */
export type Settlement = {
  readonly fingerprint: string;
  readonly state: 'unspent' | 'spent' | 'spent-elsewhere' | 'lost';
  readonly spender?: {
    readonly txid: string;
    readonly block: ChainAnchor /** Up to the needed depth. */;
    readonly confirmations: number;
  };
  /** Of the chain that was looked at; absent in what earlier builds saw. */
  readonly tipHeight?: number;
  /** Unspent, and what was watched for has come: the block, or a node that does not hold the transaction. */
  readonly stuck?: 'late' | 'not-held';
};

/** When somebody wants to hear that nothing happens. */
export type StuckWatch = {
  /** Of the transaction that is handed in. */
  readonly txid: string;
  /** Late from this height on. */
  readonly height: number;
  /** Whether to say at once that the node was asked and does not hold it. */
  readonly asksNode: boolean;
};

export type SettlementWatch = {
  readonly place: PayoutPlace;
  readonly confirmations: number;
  /** Signed bytes to hand in again; absent when an earlier run paid. */
  readonly transaction?: BlobRef;
  readonly since?: string;
  /** Of the chain that `since` was judged from: a view that is lower has not read the rest yet. */
  readonly sinceHeight?: number;
  readonly stuck?: StuckWatch;
  readonly seconds: number;
};

export function createSettlementActivities(deps: ActivityDependencies) {
  const sees = sightOf(deps);
  const isCaughtUp = caughtUpOf(deps);
  return {
    /** By outpoint and not by txid: whatever spends the coins to the recorded script settles the payout. */
    awaitSettlement: (input: SettlementWatch): Promise<Settlement | undefined> =>
      attempt(deps, 'awaitSettlement', async (now) => {
        const { place } = input;
        const bytes = input.transaction === undefined ? undefined : await deps.blobs.get(input.transaction, now);
        await watchInSight(deps, sees, [place.vaultScript], place.fromHeight, now);
        await watchInSight(deps, sees, [place.payoutScript], place.paidFromHeight ?? place.fromHeight, now);
        let submittedAtMs = deps.clock();
        let settlement: Settlement | undefined;
        await until(deps, now.signal, deps.clock() + input.seconds * 1_000, LOOK_MS, async () => {
          if (!sees() || !isCaughtUp(input.sinceHeight)) return false;
          const { tip } = deps.chain.view.status();
          const seen = { ...look(deps, place, input.confirmations), tipHeight: tip.height };
          now.report({ state: seen.state, confirmations: seen.spender?.confirmations ?? 0 });
          const watch = seen.state === 'unspent' ? input.stuck : undefined;
          let isHeld = true;
          if (seen.state === 'unspent' && bytes !== undefined && deps.clock() - submittedAtMs >= REBROADCAST_MS) {
            submittedAtMs = deps.clock();
            isHeld = await resubmit(deps, now, bytes, watch?.asksNode === true ? watch.txid : undefined);
          }
          if (seen.fingerprint !== input.since) settlement = seen;
          else if (watch !== undefined && tip.height >= watch.height) settlement = { ...seen, stuck: 'late' };
          else if (!isHeld) settlement = { ...seen, stuck: 'not-held' };
          return settlement !== undefined;
        });
        return settlement;
      }),
  };
}

function look(deps: ActivityDependencies, place: PayoutPlace, depth: number): Settlement {
  const { view } = deps.chain;
  const coins = place.outpoints.map((outpoint) => view.output(outpoint).output);
  const known = coins.filter((coin): coin is WatchedOutput => coin !== undefined);
  if (known.length < coins.length) return { state: 'lost', fingerprint: 'lost' };
  const spenders = known.flatMap((coin) => (coin.spentBy === undefined ? [] : [coin.spentBy]));
  const [first] = spenders;
  if (first === undefined) return { state: 'unspent', fingerprint: 'unspent' };
  const payouts = new Set(view.outputs(place.payoutScript).outputs.map((output) => output.outpoint.txid));
  const stray = spenders.find((spender) => !payouts.has(spender.txid));
  const one = stray ?? first;
  const whole = spenders.length === coins.length && spenders.every((spender) => spender.txid === first.txid);
  const state = stray !== undefined || !whole ? 'spent-elsewhere' : 'spent';
  const confirmations = Math.min(one.confirmations, depth);
  const spender = { txid: one.txid, block: { hash: one.blockHash, height: one.height }, confirmations };
  return { state, spender, fingerprint: `${state}/${one.txid}@${one.blockHash}#${confirmations}` };
}

/** False when a node was asked about `txid` and does not hold it: what it refuses again, and what nobody can be asked about, says nothing. */
async function resubmit(
  deps: ActivityDependencies,
  now: Attempt,
  bytes: Uint8Array,
  txid: string | undefined,
): Promise<boolean> {
  try {
    await deps.chain.broadcaster.submit(bytes, now);
    return true;
  } catch (error) {
    // The next look at the outpoints tells what is true; a refused repeat tells nothing new.
    deps.logger.warn({ err: error }, 'a payout could not be handed in again');
  }
  if (txid === undefined) return true;
  const became = await deps.chain.broadcaster.whatBecameOf(txid, now).catch(() => undefined);
  return became !== 'unknown';
}
