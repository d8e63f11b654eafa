import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { type Committee, quorumOf } from './committee.ts';
import { countSignatures, type SignedOrder } from './order.ts';

/** How often a freeze that fewer than the change quorum signed can be renewed by another one of that kind (ADR 0031). */
export const FREEZE_RENEWALS_MAX = 3;

/** A freeze that comes so soon after the end of another one renews it: a minute of freedom a day is none. */
export const RENEWAL_WITHIN_SECONDS = 86_400;

/** As a journal remembers it; Unix seconds. */
export type ObeyedOrder = { readonly signed: SignedOrder; readonly obeyedAtSeconds: number };

/** Whether the change quorum speaks: what it signed is never capped, and after it the count starts anew. */
export const isOfChangeQuorum = (signed: SignedOrder, committee: Committee): boolean =>
  countSignatures(signed, committee) >= quorumOf(committee, 'change');

/**
 * How many freezes without the change quorum a further one would stand behind, if it came at `nowSeconds`: 0 when it would begin a row, more than
 * `FREEZE_RENEWALS_MAX` when it is refused. `before`: what was obeyed, highest number first, orders that lost their number to another one behind it.
 */
export function freezesInARow(before: readonly ObeyedOrder[], committee: Committee, nowSeconds: number): number {
  let freezes = 0;
  let nextAt = nowSeconds;
  let liftedAt = Number.POSITIVE_INFINITY;
  for (const { signed, obeyedAtSeconds } of before) {
    const { order } = signed;
    // Another committee is the word of a change quorum too.
    if (order.committeeEpoch !== committee.epoch || isOfChangeQuorum(signed, committee)) break;
    if (order.kind === 'lift') {
      // Of a committee that lifts with fewer seats than it changes with: those could keep payouts frozen by lifting in between.
      liftedAt = Math.min(liftedAt, obeyedAtSeconds);
      continue;
    }
    if (nextAt >= Math.min(order.expiresAtSeconds, liftedAt) + RENEWAL_WITHIN_SECONDS) break;
    freezes += 1;
    nextAt = Math.min(nextAt, obeyedAtSeconds);
    liftedAt = Number.POSITIVE_INFINITY;
  }
  return freezes;
}

/** How many freezes without the change quorum would still be obeyed in a row: four when none was, three after the first. */
export const freezesLeft = (before: readonly ObeyedOrder[], committee: Committee, nowSeconds: number): number =>
  Math.max(0, 1 + FREEZE_RENEWALS_MAX - freezesInARow(before, committee, nowSeconds));

export type RenewalRefusal = 'policy.order-renewals';

/** Whether `committee` may let payouts stand still for longer by this order, which it signed, after those that were obeyed. */
export function judgeRenewal(
  signed: SignedOrder,
  committee: Committee,
  before: readonly ObeyedOrder[],
  nowSeconds: number,
): Verdict<SignedOrder, RenewalRefusal> {
  const { kind, number } = signed.order;
  if (kind === 'lift' || isOfChangeQuorum(signed, committee)) return accept(signed);
  if (freezesInARow(before, committee, nowSeconds) <= FREEZE_RENEWALS_MAX) return accept(signed);
  const need = quorumOf(committee, 'change');
  return refuse(
    'policy.order-renewals',
    `freeze ${number} would be renewal ${FREEZE_RENEWALS_MAX + 1} in a row by fewer than ${need} members`,
    { have: countSignatures(signed, committee), need, renewalsMax: FREEZE_RENEWALS_MAX },
  );
}
