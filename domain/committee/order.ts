import type { ChainAnchor } from '../ceremony/ceremony.ts';
import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment, NetworkGenesis } from '../network/network.ts';
import { type Committee, countSeats, type MemberSignature, quorumOf, validSignatures } from './committee.ts';

export type OrderKind = 'freeze' | 'lift';

/** A standing instruction to every validator. The number only grows: an older order never overrides a newer one. */
export type Order = {
  readonly version: 1;
  readonly kind: OrderKind;
  readonly environment: Environment;
  readonly network: string;
  readonly committeeEpoch: number;
  readonly number: number;
  /** What stops: `payouts`. A certified sweep is not a payout. */
  readonly scope: 'payouts';
  readonly reason: string;
  /** Unix seconds. A freeze ends by itself; a lift carries the time until which it may be presented. */
  readonly expiresAtSeconds: number;
  /**
   * Of a lift only: a block of the chain in which payouts go on. It ends what validators froze by themselves because of a reorganisation
   * beyond their bound; a lift without it does not, so that none that was signed before can.
   */
  readonly block?: ChainAnchor;
};

export type OrderSignature = MemberSignature;
export type SignedOrder = { readonly order: Order; readonly signatures: readonly OrderSignature[] };

export const orderDigest = (order: Order): Digest => documentDigest(TAGS.order, order);

/** What a journal needs to answer "may I pay out now?". */
export type OrderState = { readonly number: number; readonly frozenUntilSeconds: number };
export const NO_ORDER: OrderState = { number: 0, frozenUntilSeconds: 0 };

/** The end of a freeze that no time ends, as a time: the last second of the year 9999. */
export const FROZEN_UNTIL_LIFTED_SECONDS = 253_402_300_799;

/** The longest term of an order. Whoever wants payouts to stand still for longer signs again, as often as `renewals.ts` lets them. */
export const ORDER_SECONDS_MAX: number = 90 * 86_400;

export const isFrozen = (state: OrderState, nowSeconds: number): boolean => nowSeconds < state.frozenUntilSeconds;

/**
 * Which of two orders with one number counts, for every validator and in whatever order they arrive: a freeze before a lift, of two
 * freezes the longer one, and else the smaller digest. The committee must not sign two; when it does, payouts rather stand still.
 */
export function outranks(order: Order, other: Order): boolean {
  if (order.kind !== other.kind) return order.kind === 'freeze';
  if (order.kind === 'freeze' && order.expiresAtSeconds !== other.expiresAtSeconds) {
    return order.expiresAtSeconds > other.expiresAtSeconds;
  }
  return orderDigest(order) < orderDigest(other);
}

export type OrderRefusal =
  | 'policy.order-environment'
  | 'policy.order-quorum'
  | 'policy.order-epoch'
  | 'policy.order-expired'
  | 'policy.order-term'
  | 'policy.order-number'
  | 'policy.order-scope'
  | 'conflict.order-number';

/**
 * Whether a validator that pinned `genesis` and stands at `current` obeys this order now.
 * After a hand-over the caller puts the present committee (`walkEpochs`) in the place of the pinned one.
 * An equal number with equal content is accepted again by the caller before asking here. How often a freeze was renewed is judged apart (`judgeRenewal`):
 * only a validator's journal knows it.
 */
export function judgeOrder(
  signed: SignedOrder,
  genesis: Pick<NetworkGenesis, 'environment' | 'name' | 'committee'>,
  current: OrderState,
  nowSeconds: number,
): Verdict<OrderState, OrderRefusal> {
  const { order } = signed;
  if (order.environment !== genesis.environment || order.network !== genesis.name) {
    return refuse('policy.order-environment', `order is for ${order.environment}/${order.network}`);
  }
  if (order.committeeEpoch !== genesis.committee.epoch) {
    return refuse('policy.order-epoch', `order names committee epoch ${order.committeeEpoch}`);
  }
  if (order.scope !== 'payouts') return refuse('policy.order-scope', 'order has an unknown scope');
  if (order.number <= current.number) {
    return refuse('conflict.order-number', `order ${order.number} is not above ${current.number}`, {
      current: current.number,
    });
  }
  if (order.expiresAtSeconds <= nowSeconds) return refuse('policy.order-expired', `order ${order.number} has expired`);
  if (order.expiresAtSeconds > nowSeconds + ORDER_SECONDS_MAX) {
    return refuse(
      'policy.order-term',
      `order ${order.number} would hold for more than ${ORDER_SECONDS_MAX / 86_400} days`,
    );
  }
  // Numbers that outran the seconds since 1970 could be used up by one quorum, and the next one would have none left.
  if (order.number > nowSeconds) {
    return refuse(
      'policy.order-number',
      `order ${order.number} has a number above the present Unix time ${nowSeconds}`,
    );
  }
  const need = quorumOf(genesis.committee, order.kind);
  const have = countSignatures(signed, genesis.committee);
  const idle = signed.signatures.length - have;
  const more =
    idle === 0 ? '' : `; ${idle} more count for nothing: over other content, twice for a seat, or of nobody here`;
  const tooFew = `order has ${have} of ${need} signatures${more}`;
  if (have < need) return refuse('policy.order-quorum', tooFew, { have, need, idle });
  return accept({
    number: order.number,
    frozenUntilSeconds: order.kind === 'freeze' ? order.expiresAtSeconds : 0,
  });
}

/** The order with nothing but what proves it: whoever hands it on adds signatures of nobody at no cost. */
export const provenOrder = ({ order, signatures }: SignedOrder, committee: Committee): SignedOrder => ({
  order,
  signatures: validSignatures(signatures, orderDigest(order), committee),
});

/** Distinct seats with a valid signature; unknown members, repeats and a deputy beside its principal count for nothing. */
export const countSignatures = (signed: SignedOrder, committee: Committee): number =>
  countSeats(signed.signatures, orderDigest(signed.order), committee);
