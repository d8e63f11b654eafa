import type { ReleaseRequest, Sats } from './terms.ts';

/** The first fee and up to seven that may replace it. */
export const FEE_RUNGS_MAX: number = 8;

/** A transaction takes the place of another one only when it pays for its own bytes on top (BIP125, rule 4). */
const REPLACING_SATS_PER_KVB = 1_000;

type Fees = Pick<ReleaseRequest, 'feeSats' | 'higherFeesSats'>;

/** All fees that the release key signed, lowest first; each one is exactly one transaction over the same coins to the same script. */
export const feeLadder = ({ feeSats, higherFeesSats }: Fees): readonly Sats[] => [feeSats, ...(higherFeesSats ?? [])];

export const highestFee = ({ feeSats, higherFeesSats }: Fees): Sats => higherFeesSats?.at(-1) ?? feeSats;

/**
 * Fees above the first one, each the double of the one before, and last the highest itself where that is worth a replacement. Empty when
 * there is no room for one.
 */
export function proposeHigherFees(feeSats: Sats, highestSats: Sats, vsize: number): readonly Sats[] {
  const stepSats = Math.ceil((vsize * REPLACING_SATS_PER_KVB) / 1_000);
  const higher: Sats[] = [];
  let before = feeSats;
  while (higher.length < FEE_RUNGS_MAX - 1 && before + stepSats <= highestSats) {
    const isLastPlace = higher.length === FEE_RUNGS_MAX - 2;
    const next = isLastPlace ? highestSats : Math.min(Math.max(before * 2, before + stepSats), highestSats);
    // What would be left above it is no step any more: then this one is the last.
    const fee = highestSats - next < stepSats ? highestSats : next;
    higher.push(fee);
    before = fee;
  }
  return higher;
}

/** What validators say that this payout should cost now, or why nobody knows. */
export type FeeLook =
  | { readonly kind: 'estimate'; readonly feeSats: Sats }
  | { readonly kind: 'no-estimate'; readonly reason: string };

export type Stuck = {
  /** Fee of the transaction that is handed in, as its place on the ladder. */
  readonly rung: number;
  /** Fees that may still be used. */
  readonly ladder: readonly Sats[];
  readonly look: FeeLook;
  /** So many blocks passed without it as it was given; otherwise the node just does not hold it. */
  readonly isLate: boolean;
  /** How often it was late before, one time after the other, without an estimate. */
  readonly blindBefore: number;
};

export type Climb =
  | { readonly kind: 'sign'; readonly rung: number }
  | { readonly kind: 'wait'; readonly because: 'fee-is-enough' | 'no-estimate' | 'ladder-ends' };

/**
 * Whether a stuck payout is replaced, and at which fee. With an estimate: only when it is above the present fee, and then by the lowest
 * fee that reaches it. Without one the signed ladder is all there is to go by: one step, and only when it was late twice.
 */
export function judgeClimb({ rung, ladder, look, isLate, blindBefore }: Stuck): Climb {
  const present = ladder[rung] ?? 0;
  if (look.kind === 'estimate' && look.feeSats <= present) return { kind: 'wait', because: 'fee-is-enough' };
  const last = ladder.length - 1;
  if (rung >= last) return { kind: 'wait', because: 'ladder-ends' };
  if (look.kind === 'no-estimate')
    return isLate && blindBefore > 0 ? { kind: 'sign', rung: rung + 1 } : { kind: 'wait', because: 'no-estimate' };
  const reaches = ladder.findIndex((fee, at) => at > rung && fee >= look.feeSats);
  return { kind: 'sign', rung: reaches === -1 ? last : reaches };
}
