import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment, NetworkGenesis } from '../network/network.ts';
import {
  type Authority,
  type Committee,
  committeeDigest,
  judgeRules,
  type MemberSignature,
  quorumOf,
  type RulesRefusal,
  type Seat,
  seatOf,
  seatsOf,
} from './committee.ts';
import { signedBy, voterId } from './member-key.ts';

/** The committee that follows another. What is signed is the RFC 8785 form of this under its own tag. */
export type CommitteeEpoch = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  /** Digest of the committee that hands over. */
  readonly previous: Digest;
  readonly committee: Committee;
  readonly reason: string;
};

export type SignedEpoch = { readonly epoch: CommitteeEpoch; readonly signatures: readonly MemberSignature[] };

/** A committee of centuries; a longer chain is an attack on whoever walks it. */
export const EPOCHS_MAX = 1_000;
/** What one run of a playbook carries; whoever needs more pins a later committee. */
export const EPOCHS_FOLLOWED_MAX = 100;

export const epochDigest = (epoch: CommitteeEpoch): Digest => documentDigest(TAGS.committeeEpoch, epoch);

export type EpochRefusal =
  | RulesRefusal
  | 'policy.epoch-environment'
  | 'policy.epoch-number'
  | 'policy.epoch-previous'
  | 'policy.epoch-quorum'
  | 'policy.epoch-unproven'
  | 'policy.epoch-signature'
  | 'policy.epoch-stranger'
  | 'conflict.epoch-repeated'
  | 'input.epoch-chain';

/** What the pinned genesis alone says: nobody has followed its committee yet. */
export const firstAuthority = (genesis: NetworkGenesis): Authority => ({
  environment: genesis.environment,
  network: genesis.name,
  committee: genesis.committee,
  former: new Set(),
});

/**
 * From the pinned first committee to the present one. Every link must be the next number, name its predecessor by digest, and
 * carry the predecessor's change quorum; a coordinator can withhold links and can invent none.
 */
export function walkEpochs(genesis: NetworkGenesis, chain: readonly SignedEpoch[]): Verdict<Authority, EpochRefusal> {
  if (chain.length > EPOCHS_MAX) return refuse('input.epoch-chain', `a chain has at most ${EPOCHS_MAX} epochs`);
  let authority = firstAuthority(genesis);
  for (const signed of chain) {
    const next = judgeEpoch(signed, authority);
    if (!next.ok) return next;
    authority = next.value;
  }
  return accept(authority);
}

/** Whether this epoch may follow where `authority` stands. */
export function judgeEpoch(signed: SignedEpoch, authority: Authority): Verdict<Authority, EpochRefusal> {
  const { epoch } = signed;
  const { environment, network, committee } = authority;
  if (epoch.environment !== environment || epoch.network !== network) {
    return refuse('policy.epoch-environment', `epoch is for ${epoch.environment}/${epoch.network}`);
  }
  if (epoch.committee.epoch !== committee.epoch + 1) {
    return refuse('policy.epoch-number', `epoch ${epoch.committee.epoch} does not follow ${committee.epoch}`);
  }
  if (epoch.previous !== committeeDigest(committee)) {
    return refuse(
      'policy.epoch-previous',
      `epoch ${epoch.committee.epoch} follows another committee ${committee.epoch}`,
    );
  }
  const rules = judgeRules(epoch.committee);
  if (!rules.ok) return rules;
  const signers = judgeSigners(signed, committee);
  if (!signers.ok) return signers;
  const need = quorumOf(committee, 'change');
  const have = distinctSeats(signers.value, committee);
  if (have < need)
    return refuse(
      'policy.epoch-quorum',
      `${have} of the ${need} seats that must sign have signed for the committee of epoch ${committee.epoch}, which hands over`,
      { have, need },
    );
  const needNew = quorumOf(epoch.committee, 'change');
  const haveNew = distinctSeats(signers.value, epoch.committee);
  if (haveNew < needNew) {
    return refuse(
      'policy.epoch-unproven',
      `${haveNew} of the ${needNew} seats that must sign have signed for the committee of epoch ${epoch.committee.epoch}, which takes over`,
      {
        have: haveNew,
        need: needNew,
      },
    );
  }
  return accept({ environment, network, committee: epoch.committee, former: formerVoters(authority, epoch.committee) });
}

/** Every signature must be valid and of either committee: a document that is kept for years carries nothing else. */
function judgeSigners(signed: SignedEpoch, before: Committee): Verdict<ReadonlySet<string>, EpochRefusal> {
  const digest = epochDigest(signed.epoch);
  const voters = new Set<string>();
  for (const { member, signature } of signed.signatures) {
    const seat = seatOf(before, member) ?? seatOf(signed.epoch.committee, member);
    const what = `signature of ${seat?.key.name ?? member.slice(0, 8)}`;
    if (seat === undefined) return refuse('policy.epoch-stranger', `${what}: has a seat in neither committee`);
    if (voters.has(member)) return refuse('conflict.epoch-repeated', `${what} is there twice`);
    if (!signedBy(seat.key, digest, signature)) return refuse('policy.epoch-signature', `${what} does not fit`);
    voters.add(member);
  }
  return accept(voters);
}

const seatsAmong = (voters: ReadonlySet<string>, committee: Committee): readonly Seat[] =>
  seatsOf(committee).filter(({ key }) => voters.has(voterId(key)));

const distinctSeats = (voters: ReadonlySet<string>, committee: Committee): number =>
  new Set(seatsAmong(voters, committee).map(({ seat }) => seat)).size;

function formerVoters({ committee, former }: Authority, next: Committee): ReadonlySet<string> {
  const present = new Set(seatsOf(next).map(({ key }) => voterId(key)));
  const past = [...former, ...seatsOf(committee).map(({ key }) => voterId(key))];
  return new Set(past.filter((voter) => !present.has(voter)));
}
