import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { CommitteeGenesis, CommitteeKey, Environment } from '../network/network.ts';
import { isUsableKey, signedBy, voterId } from './member-key.ts';

export type Committee = CommitteeGenesis;

/** Classes of action with a threshold of their own. `change` covers everything that cannot be undone: keys, sweeps, members. */
export type ActionClass = 'freeze' | 'lift' | 'change';
export const ACTION_CLASSES: readonly ActionClass[] = ['freeze', 'lift', 'change'];

/** Seats that must agree; a genesis from before `change` was named asks as many as for a lift. */
export const quorumOf = ({ quorum }: Committee, kind: ActionClass): number =>
  kind === 'change' ? (quorum.change ?? quorum.lift) : quorum[kind];

export const committeeDigest = (committee: Committee): Digest => documentDigest(TAGS.committee, committee);

/** Where one speaks for the committee, and on whose word: what a verifier has after walking the epochs from its pinned genesis. */
export type Authority = {
  readonly environment: Environment;
  readonly network: string;
  readonly committee: Committee;
  /** Voters of earlier epochs who have no seat now. */
  readonly former: ReadonlySet<string>;
};

export type Seat = { readonly seat: number; readonly key: CommitteeKey; readonly deputyOf?: string };

/** Every key that may speak, with its seat: position in the list of members, from 0. */
export const seatsOf = (committee: Committee): readonly Seat[] =>
  committee.members.flatMap(({ deputy, ...key }, seat) => [
    { seat, key },
    ...(deputy === undefined ? [] : [{ seat, key: deputy, deputyOf: key.name }]),
  ]);

/** Who counts a hundred votes asks this some thousand times, inside one workflow task: a committee is laid out once. */
const voters = new WeakMap<Committee, ReadonlyMap<string, Seat>>();

export function seatOf(committee: Committee, voter: string): Seat | undefined {
  const known = voters.get(committee) ?? votersOf(committee);
  voters.set(committee, known);
  return known.get(voter);
}

/** Of a key that is listed twice the first place counts. */
const votersOf = (committee: Committee): ReadonlyMap<string, Seat> =>
  new Map(
    seatsOf(committee)
      .toReversed()
      .map((seat) => [voterId(seat.key), seat]),
  );

/** `member` is a voter id; the signature is over the digest of the document that carries it. */
export type MemberSignature = { readonly member: string; readonly signature: string };

/** What counts: one valid signature per seat, in the given order. Unknown members, repeats and deputies beside their principals do not. */
export function validSignatures(
  signatures: readonly MemberSignature[],
  digest: Digest,
  committee: Committee,
): readonly MemberSignature[] {
  const seats = new Set<number>();
  return signatures.filter(({ member, signature }) => {
    const seat = seatOf(committee, member);
    if (seat === undefined || seats.has(seat.seat) || !signedBy(seat.key, digest, signature)) return false;
    seats.add(seat.seat);
    return true;
  });
}

/** Distinct seats with a valid signature. */
export const countSeats = (signatures: readonly MemberSignature[], digest: Digest, committee: Committee): number =>
  validSignatures(signatures, digest, committee).length;

export type RulesRefusal = 'policy.committee-rules';

/**
 * Whether a committee may succeed another. A change takes more than half of the seats, so that two disjoint groups can never
 * sign two successors; releasing is never cheaper than braking, changing never cheaper than releasing.
 */
export function judgeRules(committee: Committee): Verdict<Committee, RulesRefusal> {
  const seats = committee.members.length;
  const change = quorumOf(committee, 'change');
  const { freeze, lift } = committee.quorum;
  const keys = seatsOf(committee).map(({ key }) => key);
  const broken =
    seats === 0 || freeze < 1
      ? 'needs a seat and a quorum'
      : Math.max(freeze, lift, change) > seats
        ? 'asks for more seats than it has'
        : change * 2 <= seats
          ? 'could be changed by two groups at once: a change takes more than half of the seats'
          : lift < freeze || change < lift
            ? 'makes braking dearer than releasing, or releasing dearer than changing'
            : !isUnique(keys.map(voterId))
              ? 'lets one key speak twice'
              : !isUnique(keys.map(({ name }) => name))
                ? 'calls two keys by one name'
                : !keys.every(isUsableKey)
                  ? 'names a key that nobody can hold'
                  : undefined;
  return broken === undefined
    ? accept(committee)
    : refuse('policy.committee-rules', `committee of epoch ${committee.epoch} ${broken}`);
}

const isUnique = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;
