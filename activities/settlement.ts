import type { ChainAnchor } from '../domain/ceremony/ceremony.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { WatchedOutput } from '../domain/ports/chain.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { PayoutPlace } from './payouts.ts';
import { sightOf, watchInSight } from './sight.ts';
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
};

export type SettlementWatch = {
  readonly place: PayoutPlace;
  readonly confirmations: number;
  /** Signed bytes to hand in again; absent when an earlier run paid. */
  readonly transaction?: BlobRef;
  readonly since?: string;
  readonly seconds: number;
};

export function createSettlementActivities(deps: ActivityDependencies) {
  const sees = sightOf(deps);
  return {
    /** By outpoint and not by txid: whatever spends the coins to the recorded script settles the payout. */
    awaitSettlement: (input: SettlementWatch): Promise<Settlement | undefined> =>
      attempt(deps, 'awaitSettlement', async (now) => {
        const { place } = input;
        const bytes = input.transaction === undefined ? undefined : await deps.blobs.get(input.transaction, now);
        await watchInSight(deps, sees, [place.vaultScript, place.payoutScript], place.fromHeight, now);
        let submittedAtMs = deps.clock();
        let settlement: Settlement | undefined;
        await until(deps, now.signal, deps.clock() + input.seconds * 1_000, LOOK_MS, async () => {
          if (!sees()) return false;
          const seen = look(deps, place, input.confirmations);
          now.report({ state: seen.state, confirmations: seen.spender?.confirmations ?? 0 });
          if (seen.state === 'unspent' && bytes !== undefined && deps.clock() - submittedAtMs >= REBROADCAST_MS) {
            submittedAtMs = deps.clock();
            await resubmit(deps, now, bytes);
          }
          if (seen.fingerprint === input.since) return false;
          settlement = seen;
          return true;
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

async function resubmit(deps: ActivityDependencies, now: Attempt, bytes: Uint8Array): Promise<void> {
  try {
    await deps.chain.broadcaster.submit(bytes, now);
  } catch (error) {
    // The next look at the outpoints tells what is true; a refused repeat tells nothing new.
    deps.logger.warn({ err: error }, 'a payout could not be handed in again');
  }
}
