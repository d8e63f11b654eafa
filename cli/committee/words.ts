import { type Committee, committeeDigest, quorumOf, seatsOf } from '../../domain/committee/committee.ts';
import { epochDigest, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { algorithmOf, voterId } from '../../domain/committee/member-key.ts';

/** A committee as its members read it; the digest is computed here. */
export function describeCommittee(committee: Committee): readonly string[] {
  return [
    `committee of epoch ${committee.epoch}: ${committee.members.length} seats`,
    `  freeze ${quorumOf(committee, 'freeze')}, lift ${quorumOf(committee, 'lift')}, change ${quorumOf(committee, 'change')}`,
    `  digest  ${committeeDigest(committee)}`,
    ...seatsOf(committee).map(
      ({ seat, key, deputyOf }) =>
        `  ${deputyOf === undefined ? `seat ${seat + 1}`.padEnd(8) : '  deputy'} ${key.name}  ${algorithmOf(key)}  ${voterId(key)}`,
    ),
  ];
}

/** What a hand-over changes: names of keys that come and go, and quorums that differ. */
export function describeHandOver(before: Committee, { epoch }: SignedEpoch): readonly string[] {
  const voters = (committee: Committee): Map<string, string> =>
    new Map(
      seatsOf(committee).map(({ key, deputyOf }) => [
        voterId(key),
        deputyOf === undefined ? key.name : `${key.name}, deputy of ${deputyOf}`,
      ]),
    );
  const old = voters(before);
  const next = voters(epoch.committee);
  const names = (from: Map<string, string>, without: Map<string, string>): string =>
    [...from]
      .filter(([voter]) => !without.has(voter))
      .map(([voter, name]) => `${name} (${voter.slice(0, 16)})`)
      .join(', ') || 'nobody';
  // The same key under another name, or with a seat of its own in place of a deputy's: nobody comes and nobody goes.
  const changed = [...old].flatMap(([voter, was]) => {
    const is = next.get(voter);
    return is === undefined || is === was ? [] : [`${was} → ${is} (${voter.slice(0, 16)})`];
  });
  const quorums = (['freeze', 'lift', 'change'] as const).map((kind) => {
    const was = quorumOf(before, kind);
    const is = quorumOf(epoch.committee, kind);
    return `${kind} ${was === is ? is : `${was} → ${is}`}`;
  });
  return [
    `HAND OVER: committee of epoch ${epoch.committee.epoch} follows that of ${before.epoch}`,
    `  reason   ${epoch.reason}`,
    `  leave    ${names(old, next)}`,
    `  come     ${names(next, old)}`,
    ...(changed.length === 0 ? [] : [`  change   ${changed.join(', ')}`]),
    `  ends     what that of ${before.epoch} has signed: playbooks start nothing and grants freeze nothing until they are signed anew`,
    `  quorums  ${quorums.join(', ')} of ${epoch.committee.members.length} seats`,
    `  digest   ${epochDigest(epoch)} (computed here)`,
  ];
}
