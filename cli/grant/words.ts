import { type Committee, countSeats, quorumOf, seatOf } from '../../domain/committee/committee.ts';
import {
  type BreakGlass,
  type Grant,
  grantClass,
  grantDigest,
  type SignedGrant,
} from '../../domain/committee/grant.ts';
import { grantUseDigest, type SignedGrantUse } from '../../domain/committee/grant-use.ts';
import { utc } from '../duration.ts';

/** What a grant allows, in the words that a member reads before signing. Computed here from the bytes that are signed. */
export function describeGrant({ grant, signatures }: SignedGrant, committee: Committee): readonly string[] {
  const { usesMax, freezeSecondsMax, validFromSeconds, validUntilSeconds } = grant.limits;
  const have = countSeats(signatures, grantDigest(grant), committee);
  return [
    `${whoMay(grant, committee)} may freeze payouts ${usesMax === 1 ? 'once' : `${usesMax} times`}, for at most ${span(freezeSecondsMax)}${usesMax === 1 ? '' : ' each'}`,
    `  from       ${utc(validFromSeconds)} to ${utc(validUntilSeconds)}`,
    `  network    ${grant.network} (${grant.environment}), committee epoch ${grant.committeeEpoch}`,
    `  reason     ${grant.reason}`,
    `  digest     ${grantDigest(grant)} (computed here)`,
    `  signed by  ${have} of ${quorumOf(committee, grantClass(grant))} needed seats`,
  ];
}

/** What a use stops, in the words that a holder reads before signing. */
export function describeUse(
  grant: BreakGlass,
  { use, signatures }: SignedGrantUse,
  committee: Committee,
): readonly string[] {
  const holders = signatures.filter(({ member }) => grant.holders.includes(member));
  const have = countSeats(holders, grantUseDigest(use), committee);
  return [
    `FREEZE by break-glass ${grant.number}: every validator stops signing payouts until ${utc(use.startedAtSeconds + use.freezeSeconds)}`,
    `  network    ${grant.network} (${grant.environment})`,
    `  after      order ${use.afterOrder}; a later order overtakes it`,
    `  use        ${use.run}`,
    `  digest     ${grantUseDigest(use)} (computed here)`,
    `  signed by  ${have} of ${grant.holdersNeeded} needed holders`,
  ];
}

function whoMay(grant: Grant, committee: Committee): string {
  if (grant.kind === 'standing-order') return `STANDING ORDER: runs of playbook ${grant.playbook}`;
  const names = grant.holders.map((holder) => seatOf(committee, holder)?.key.name ?? `stranger ${holder.slice(0, 8)}`);
  const { holdersNeeded } = grant;
  if (names.length === 1) return `BREAK-GLASS: ${names.join('')}`;
  return `BREAK-GLASS: ${holdersNeeded === 1 ? 'any one' : `any ${holdersNeeded} together`} of ${names.join(', ')}`;
}

/** In the largest unit that says it exactly. */
function span(seconds: number): string {
  const [size, unit] = UNITS.find(([each]) => seconds % each === 0) ?? [1, 'second'];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;
