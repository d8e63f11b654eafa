import type { PayoutPlace } from '../../activities/payouts.ts';
import type { Settlement } from '../../activities/settlement.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { effects, named } from './effects.ts';
import { verdictOf } from './refusal.ts';
import type { Change } from './track.ts';

const QUIET_SECONDS = 3_600;
/** Three days without a change, or 80 changes: then a person decides, and a new run looks again. */
const ROUNDS_MAX = 80;

export type Spender = NonNullable<Settlement['spender']>;

export type Settling<Phase extends string> = {
  readonly place: PayoutPlace;
  /** n deep counts as settled. */
  readonly confirmations: number;
  /** Handed in again while the coins are unspent; absent when somebody else's transaction is waited for. */
  readonly transaction?: BlobRef;
  readonly entering: (phase: 'settling' | 'unsettled-by-reorg', need: number) => Change<Phase>;
  readonly report: (change: Change<Phase>) => void;
};

/** Waits until the coins are spent n deep to the script where they must go, through every reorg on the way. */
export async function settle<Phase extends string>(settling: Settling<Phase>): Promise<Verdict<Spender>> {
  const { place, confirmations, transaction, entering, report } = settling;
  let before: Settlement | undefined;
  report(entering('settling', confirmations));
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
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
          },
        ],
      ),
    );
    if (!watched.ok) return watched;
    const seen = watched.value;
    if (seen === undefined || seen === null) continue;
    const { state, spender } = seen;
    if (spender !== undefined && spender.confirmations >= confirmations) {
      if (state === 'spent') return accept(spender);
      return refuse('conflict.deposit-spent', `the deposits went elsewhere, by transaction ${spender.txid}`, {
        txid: spender.txid,
      });
    }
    const takenBack = before?.spender !== undefined && spender?.block.hash !== before.spender.block.hash;
    report({
      ...entering(takenBack ? 'unsettled-by-reorg' : 'settling', confirmations),
      have: spender?.confirmations ?? 0,
    });
    before = seen;
  }
  return refuse(
    'unknown-outcome.settlement',
    'the transaction did not settle; look at the chain, then start the same again',
  );
}
