import type { PayoutPlace } from '../../activities/payouts.ts';
import type { Settlement, StuckWatch } from '../../activities/settlement.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { effects, named } from './effects.ts';
import { verdictOf } from './refusal.ts';
import type { Change } from './track.ts';

const QUIET_SECONDS = 3_600;
/** Three days without a change, or 80 changes: then a person decides, and a new run looks again. */
const ROUNDS_MAX = 80;

/** A reorganisation took the deposit itself back: what is signed spends it in whichever block it returns, and nothing else can be done here. */
const LOST = {
  next: 'whoever made the deposit must pay again if it does not return: no block of the chain holds it now',
  meanwhile: 'the chain is watched; the signed transaction is handed in as soon as the deposit is back',
} as const;

export type Spender = NonNullable<Settlement['spender']>;

export type Settling<Phase extends string> = {
  readonly place: PayoutPlace;
  /** n deep counts as settled. */
  readonly confirmations: number;
  /** Handed in again while the coins are unspent; absent when somebody else's transaction is waited for. */
  readonly transaction?: BlobRef;
  readonly entering: (phase: 'settling' | 'unsettled-by-reorg', need: number) => Change<Phase>;
  readonly report: (change: Change<Phase>) => void;
  /** What a process does about a transaction that does not confirm; absent: it is handed in again, and nothing else. */
  readonly unsticking?: Unsticking;
};

export type Unsticking = {
  /** What to be told of besides changes. It must end: a round in which it was told counts for nothing. */
  watch(): StuckWatch | undefined;
  /** Told of each look; gives the transaction to hand in from here on, when it is another one. */
  seen(settlement: Settlement): Promise<BlobRef | undefined>;
};

/** Waits until the coins are spent n deep to the script where they must go, through every reorg on the way. */
export async function settle<Phase extends string>(settling: Settling<Phase>): Promise<Verdict<Spender>> {
  const { place, confirmations, unsticking, entering, report } = settling;
  let { transaction } = settling;
  let before: Settlement | undefined;
  report(entering('settling', confirmations));
  for (let round = 0; round < ROUNDS_MAX; ) {
    const stuck = unsticking?.watch();
    const watched = await verdictOf(
      effects.awaitSettlement.executeWithOptions(
        named('Watch the deposits until they are spent deep enough', QUIET_SECONDS),
        [
          {
            place,
            confirmations,
            seconds: QUIET_SECONDS,
            ...(transaction === undefined ? {} : { transaction }),
            ...(before === undefined ? {} : { since: before.fingerprint }),
            ...(before?.tipHeight === undefined ? {} : { sinceHeight: before.tipHeight }),
            ...(stuck === undefined ? {} : { stuck }),
          },
        ],
      ),
    );
    if (!watched.ok) return watched;
    const seen = watched.value;
    if (seen?.stuck === undefined) round += 1;
    if (seen === undefined || seen === null) continue;
    const { state, spender } = seen;
    if (spender !== undefined && spender.confirmations >= confirmations) {
      if (state === 'spent') return accept(spender);
      return refuse('conflict.deposit-spent', `the deposits went elsewhere, by transaction ${spender.txid}`, {
        txid: spender.txid,
      });
    }
    const takenBack = before?.spender !== undefined && spender?.block.hash !== before.spender.block.hash;
    if (seen.stuck === undefined)
      report({
        ...entering(takenBack ? 'unsettled-by-reorg' : 'settling', confirmations),
        have: spender?.confirmations ?? 0,
        ...(state === 'lost' ? LOST : {}),
      });
    transaction = (await unsticking?.seen(seen)) ?? transaction;
    before = seen;
  }
  return refuse(
    'unknown-outcome.settlement',
    'the transaction did not settle; look at the chain, then start the same again',
  );
}
