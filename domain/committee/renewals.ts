import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { type Committee, quorumOf } from './committee.ts';
import { countSignatures, type SignedOrder } from './order.ts';

/** How often a freeze that fewer than the change quorum signed can be renewed by another one of that kind (ADR 0031). */
export const FREEZE_RENEWALS_MAX = 3;

/** A freeze that comes so soon after the end of another one renews it: a minute of freedom a day is none. */
export const RENEWAL_WITHIN_SECONDS = 86_400;

/** So many orders of each kind, in force and not any more, are read for a count: whoever signed that many without a majority has no say left. */
export const ROW_READ_MAX = 50;

/** As a journal remembers it: with nothing but the signatures that prove it, each of another seat; Unix seconds. */
export type ObeyedOrder = { readonly signed: SignedOrder; readonly obeyedAtSeconds: number };

/** Whether the change quorum speaks: what it signed is never capped, and after it the count starts anew. */
export const isOfChangeQuorum = (signed: SignedOrder, committee: Committee): boolean =>
  countSignatures(signed, committee) >= quorumOf(committee, 'change');

/** Whether the change quorum has signed a later one than this number: what comes before that is none of the row. */
export const isBeforeChangeQuorum = (number: number, before: readonly ObeyedOrder[], committee: Committee): boolean =>
  before.some(({ signed }) => signed.order.number > number && wasOfChangeQuorum(signed, committee));

/** The same of an order in a journal, whose signatures were verified when it was written: reports ask all day. */
const wasOfChangeQuorum = ({ signatures }: SignedOrder, committee: Committee): boolean =>
  signatures.length >= quorumOf(committee, 'change');

/**
 * How many freezes without the change quorum a further one would stand behind, if it came at `nowSeconds`: 0 when it would begin a row, more than
 * `FREEZE_RENEWALS_MAX` when it is refused. `before`: what was obeyed, highest number first, of one number in the order of their rank (`outranks`):
 * whoever lost a number to another one may have ended long before it.
 */
export function freezesInARow(before: readonly ObeyedOrder[], committee: Committee, nowSeconds: number): number {
  let freezes = 0;
  let nextAt = nowSeconds;
  let liftedAt = Number.POSITIVE_INFINITY;
  for (const { signed, obeyedAtSeconds } of before) {
    const { order } = signed;
    // Another committee is the word of a change quorum too.
    if (order.committeeEpoch !== committee.epoch || wasOfChangeQuorum(signed, committee)) return freezes;
    if (order.kind === 'lift') {
      // Of a committee that lifts with fewer seats than it changes with: those could keep payouts frozen by lifting in between.
      liftedAt = Math.min(liftedAt, obeyedAtSeconds);
      continue;
    }
    if (nextAt >= Math.min(order.expiresAtSeconds, liftedAt) + RENEWAL_WITHIN_SECONDS) return freezes;
    freezes += 1;
    if (freezes > FREEZE_RENEWALS_MAX) return freezes;
    nextAt = Math.min(nextAt, obeyedAtSeconds);
    liftedAt = Number.POSITIVE_INFINITY;
  }
  // Lifts of a committee that needs fewer seats for them than for a change could hide the freezes behind them.
  return before.length < ROW_READ_MAX ? freezes : 1 + FREEZE_RENEWALS_MAX;
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
