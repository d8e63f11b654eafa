import type { Digest } from '../../domain/encoding/digest.ts';
import { grantDigest } from '../../domain/committee/grant.ts';
import type { OrderStanding } from './journal/journal.ts';

/** Why payouts stand still, for people: the order that says so, or the use of a grant. */
export type FrozenBy =
  | { readonly kind: 'order'; readonly number: number; readonly digest: Digest }
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
  const { kind, number } = frozenBy(standing).frozenBy ?? { kind: 'order', number: standing.state.number };
  return `${kind === 'standing-order' ? 'standing order' : kind} ${number}`;
}

export function frozenBy({ state, order, use }: OrderStanding): { readonly frozenBy?: FrozenBy } {
  if (use !== undefined) {
    const { grant } = use.signedGrant;
    const { run, step } = use.signedUse.use;
    return { frozenBy: { kind: grant.kind, number: grant.number, grant: grantDigest(grant), run, step } };
  }
  if (order === undefined || state.frozenUntilSeconds === 0) return {};
  return { frozenBy: { kind: 'order', number: state.number, digest: order.digest } };
}
