import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment } from '../network/network.ts';
import {
  type Authority,
  type Committee,
  committeeDigest,
  countSeats,
  type MemberSignature,
  quorumOf,
  seatOf,
  validSignatures,
} from './committee.ts';

/** How much a grant allows, whoever uses it. */
export type FreezeLimits = {
  readonly usesMax: number;
  /** Longest freeze of one use, in seconds. */
  readonly freezeSecondsMax: number;
  /** Unix seconds; a use must begin in between. */
  readonly validFromSeconds: number;
  readonly validUntilSeconds: number;
};

type GrantBody = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  /** It ends with the committee that signed it. */
  readonly committeeEpoch: number;
  readonly committee: Digest;
  /** Tells grants of one committee apart. */
  readonly number: number;
  /** Braking only: what a grant never allows has no word here. */
  readonly class: 'freeze';
  readonly scope: 'payouts';
  readonly limits: FreezeLimits;
  readonly reason: string;
};

/** The freeze quorum says beforehand that runs of one playbook may freeze without asking again. */
export type StandingOrder = GrantBody & { readonly kind: 'standing-order'; readonly playbook: Digest };

/** The change quorum names a few members who may freeze briefly without a quorum; each use opens a review. */
export type BreakGlass = GrantBody & {
  readonly kind: 'break-glass';
  /** Voter ids. */
  readonly holders: readonly string[];
  readonly holdersNeeded: number;
  /** A use must have been reviewed so many seconds after it began. */
  readonly reviewSeconds: number;
};

export type Grant = StandingOrder | BreakGlass;
export type SignedGrant = { readonly grant: Grant; readonly signatures: readonly MemberSignature[] };

/** Upper bounds of the limits themselves; a committee cannot sign wider ones. */
export const GRANT_BOUNDS = {
  'standing-order': { uses: 10, freezeSeconds: 86_400 },
  'break-glass': { uses: 3, freezeSeconds: 3_600 },
} as const;
export const GRANT_SECONDS_MAX = 90 * 86_400;

export const grantDigest = (grant: Grant): Digest => documentDigest(TAGS.grant, grant);

/** Who may sign: a standing order is votes given early; break-glass lowers the bar, and lowering a bar is a change. */
export const grantClass = (grant: Grant): 'freeze' | 'change' =>
  grant.kind === 'standing-order' ? 'freeze' : 'change';

export type GrantRefusal =
  | 'policy.grant-environment'
  | 'policy.grant-epoch'
  | 'policy.grant-scope'
  | 'policy.grant-limits'
  | 'policy.grant-holders'
  | 'policy.grant-window'
  | 'policy.grant-quorum';

/** Whether the grant itself is in force now, before anybody uses it. */
export function judgeGrant(
  { grant, signatures }: SignedGrant,
  authority: Authority,
  nowSeconds: number,
): Verdict<Grant, GrantRefusal> {
  const { environment, network, committee } = authority;
  if (grant.environment !== environment || grant.network !== network) {
    return refuse('policy.grant-environment', `grant is for ${grant.environment}/${grant.network}`);
  }
  if (grant.committeeEpoch !== committee.epoch || grant.committee !== committeeDigest(committee)) {
    return refuse('policy.grant-epoch', `grant was signed by another committee than that of epoch ${committee.epoch}`);
  }
  if (grant.class !== 'freeze' || grant.scope !== 'payouts') {
    return refuse('policy.grant-scope', 'a grant freezes payouts and nothing else');
  }
  const { usesMax, freezeSecondsMax, validFromSeconds, validUntilSeconds } = grant.limits;
  const bounds = GRANT_BOUNDS[grant.kind];
  const window = validUntilSeconds - validFromSeconds;
  if (
    usesMax < 1 ||
    usesMax > bounds.uses ||
    freezeSecondsMax < 1 ||
    freezeSecondsMax > bounds.freezeSeconds ||
    window < 1 ||
    window > GRANT_SECONDS_MAX
  ) {
    return refuse(
      'policy.grant-limits',
      `a ${grant.kind} has at most ${bounds.uses} uses of ${bounds.freezeSeconds} seconds in 90 days`,
    );
  }
  if (grant.kind === 'break-glass') {
    const seats = new Set(grant.holders.map((holder) => seatOf(committee, holder)?.seat));
    if (
      seats.has(undefined) ||
      seats.size !== grant.holders.length ||
      grant.holdersNeeded < 1 ||
      grant.holdersNeeded > seats.size
    ) {
      return refuse('policy.grant-holders', 'holders must be seats of the committee, each once, and enough of them');
    }
  }
  if (nowSeconds < validFromSeconds || nowSeconds >= validUntilSeconds) {
    return refuse('policy.grant-window', 'grant is not in force now');
  }
  const need = quorumOf(committee, grantClass(grant));
  const have = countSeats(signatures, grantDigest(grant), committee);
  if (have < need) return refuse('policy.grant-quorum', `grant has ${have} of ${need} seats`, { have, need });
  return accept(grant);
}

/** The grant with nothing but what proves it. */
export const provenGrant = ({ grant, signatures }: SignedGrant, committee: Committee): SignedGrant => ({
  grant,
  signatures: validSignatures(signatures, grantDigest(grant), committee),
});
