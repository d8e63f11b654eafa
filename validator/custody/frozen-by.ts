import type { ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { grantDigest } from '../../domain/committee/grant.ts';
import type { OrderStanding } from './journal/journal.ts';

/** Why payouts stand still, for people: the order that says so, or the use of a grant. */
export type FrozenBy =
  | { readonly kind: 'order'; readonly number: number; readonly digest: Digest }
  /** Nobody: the own chain view saw a reorganisation beyond its bound after the order of this number. */
  | { readonly kind: 'own-chain'; readonly number: number; readonly tip: ChainAnchor; readonly reason: string }
  | {
      readonly kind: 'standing-order' | 'break-glass';
      /** Of the grant. */
      readonly number: number;
      readonly grant: Digest;
      readonly run: string;
      readonly step: string;
    };

/** In the words of messages; a use of a grant has the number of the order that it came after, which may be none. */
export function wordedBrake(standing: OrderStanding): string {
  if (standing.chain !== undefined)
    return `this validator itself: a reorganisation beyond its bound, at block ${standing.chain.tip.height}`;
  const { kind, number } = frozenBy(standing).frozenBy ?? { kind: 'order', number: standing.state.number };
  return `${kind === 'standing-order' ? 'standing order' : kind} ${number}`;
}

/** When payouts go on. */
export const wordedEnd = ({ state, chain }: OrderStanding): string =>
  chain === undefined
    ? new Date(state.frozenUntilSeconds * 1_000).toISOString()
    : `a lift above order ${chain.afterOrder} names a block of the chain`;

export function frozenBy({ state, order, use, chain }: OrderStanding): { readonly frozenBy?: FrozenBy } {
  if (chain !== undefined)
    return { frozenBy: { kind: 'own-chain', number: chain.afterOrder, tip: chain.tip, reason: chain.reason } };
  if (use !== undefined) {
    const { grant } = use.signedGrant;
    const { run, step } = use.signedUse.use;
    return { frozenBy: { kind: grant.kind, number: grant.number, grant: grantDigest(grant), run, step } };
  }
  if (order === undefined || state.frozenUntilSeconds === 0) return {};
  return { frozenBy: { kind: 'order', number: state.number, digest: order.digest } };
}
