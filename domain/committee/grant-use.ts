import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { type Authority, type Committee, type MemberSignature, validSignatures } from './committee.ts';
import { type BreakGlass, type Grant, grantDigest, type GrantRefusal, judgeGrant, type SignedGrant } from './grant.ts';
import type { OrderState } from './order.ts';

/** "Freeze now, under this grant." One use is one run and step; the same use told twice is one use. */
export type GrantUse = {
  readonly version: 1;
  /** `grantDigest`; environment, network and committee are bound by it. */
  readonly grant: Digest;
  /** Plan of the run that invokes a standing order; with break-glass, absent. */
  readonly playbook?: Digest;
  readonly run: string;
  readonly step: string;
  /** The last order when it was invoked: any later one overrides this use, so that it cannot undo a lift. */
  readonly afterOrder: number;
  readonly startedAtSeconds: number;
  readonly freezeSeconds: number;
};

/** A standing order was signed beforehand and its use is not; break-glass needs its holders' signatures over the use. */
export type SignedGrantUse = { readonly use: GrantUse; readonly signatures: readonly MemberSignature[] };

export const grantUseDigest = (use: GrantUse): Digest => documentDigest(TAGS.grantUse, use);

/** Of two uses that one step of one run made of a grant, whether the first holds payouts longer; of two different ones one always does. */
export function isStricter(one: GrantUse, other: GrantUse): boolean {
  if (one.afterOrder !== other.afterOrder) return one.afterOrder > other.afterOrder;
  const [ends, otherEnds] = [one, other].map(({ startedAtSeconds, freezeSeconds }) => startedAtSeconds + freezeSeconds);
  if (ends !== otherEnds) return Number(ends) > Number(otherEnds);
  return grantUseDigest(one) < grantUseDigest(other);
}

/** Clocks of honest machines differ by less. */
export const USE_SKEW_SECONDS = 60;

export type GrantUseRefusal =
  | GrantRefusal
  | 'policy.grant-other'
  | 'policy.grant-playbook'
  | 'policy.grant-duration'
  | 'policy.grant-holder'
  | 'policy.grant-uses'
  | 'conflict.grant-repeated'
  | 'conflict.grant-passed'
  | 'not-yet.grant-order';

export type Granted = {
  readonly state: OrderState;
  /** False when this use was obeyed before. */
  readonly isNew: boolean;
  /** Break-glass only: Unix seconds by which the use must have been reviewed. */
  readonly reviewDueAtSeconds?: number;
};

/**
 * Whether a validator that stands at `current`, and has obeyed `past` uses of this grant, freezes now. It keeps the order's number:
 * a signed lift still ends the freeze, and it ends by itself.
 */
export function judgeGrantUse(
  signed: SignedGrant,
  { use, signatures }: SignedGrantUse,
  past: readonly GrantUse[],
  current: OrderState,
  authority: Authority,
  nowSeconds: number,
): Verdict<Granted, GrantUseRefusal> {
  const { grant } = signed;
  // As of its beginning: a use that somebody learns of late, while its freeze goes on, was made in time.
  const begun = Math.max(use.startedAtSeconds, grant.limits.validFromSeconds);
  const inForce = judgeGrant(signed, authority, Math.min(nowSeconds, begun));
  if (!inForce.ok) return inForce;
  if (use.grant !== grantDigest(grant)) return refuse('policy.grant-other', 'use names another grant');
  const wanted = grant.kind === 'standing-order' ? grant.playbook : undefined;
  if (use.playbook !== wanted)
    return refuse('policy.grant-playbook', 'use is by another playbook than the grant names');
  const endsAtSeconds = use.startedAtSeconds + use.freezeSeconds;
  const { limits } = grant;
  if (
    use.freezeSeconds < 1 ||
    use.freezeSeconds > limits.freezeSecondsMax ||
    use.startedAtSeconds < limits.validFromSeconds ||
    use.startedAtSeconds > nowSeconds + USE_SKEW_SECONDS ||
    endsAtSeconds <= nowSeconds
  ) {
    return refuse('policy.grant-duration', `a use freezes for at most ${limits.freezeSecondsMax} seconds from now`);
  }
  if (grant.kind === 'break-glass') {
    const have = holdersOf(grant, { use, signatures }, authority.committee).length;
    if (have < grant.holdersNeeded) {
      return refuse('policy.grant-holder', `use has ${have} of ${grant.holdersNeeded} holders`, {
        have,
        need: grant.holdersNeeded,
      });
    }
  }
  const earlier = past.find((each) => each.run === use.run && each.step === use.step);
  if (earlier !== undefined) {
    return grantUseDigest(earlier) === grantUseDigest(use)
      ? accept(granted(grant, use, current, false))
      : refuse('conflict.grant-repeated', 'this step of this run has used the grant already');
  }
  if (use.afterOrder < current.number) {
    return refuse('conflict.grant-passed', `order ${current.number} came after this use`, { current: current.number });
  }
  if (use.afterOrder > current.number) {
    return refuse('not-yet.grant-order', `this validator stands at order ${current.number}`, {
      current: current.number,
    });
  }
  if (past.length >= limits.usesMax) return refuse('policy.grant-uses', `all ${limits.usesMax} uses are spent`);
  const state = { number: current.number, frozenUntilSeconds: Math.max(current.frozenUntilSeconds, endsAtSeconds) };
  return accept(granted(grant, use, state, true));
}

/** Signatures of holders that count. */
const holdersOf = ({ holders }: BreakGlass, { use, signatures }: SignedGrantUse, committee: Committee) =>
  validSignatures(
    signatures.filter(({ member }) => holders.includes(member)),
    grantUseDigest(use),
    committee,
  );

/** The use with nothing but what proves it: no signature at all under a standing order. */
export const provenUse = (grant: Grant, signed: SignedGrantUse, committee: Committee): SignedGrantUse => ({
  use: signed.use,
  signatures: grant.kind === 'standing-order' ? [] : holdersOf(grant, signed, committee),
});

const granted = (grant: Grant, use: GrantUse, state: OrderState, isNew: boolean): Granted => ({
  state,
  isNew,
  ...(grant.kind === 'break-glass' ? { reviewDueAtSeconds: use.startedAtSeconds + grant.reviewSeconds } : {}),
});
