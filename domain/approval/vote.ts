import { type ActionClass, type Authority, committeeDigest, seatOf } from '../committee/committee.ts';
import { signedBy } from '../committee/member-key.ts';
import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, type Refusal, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment } from '../network/network.ts';

export type Choice = 'approve' | 'reject' | 'abstain' | 'push-back';
export const CHOICES: readonly Choice[] = ['approve', 'reject', 'abstain', 'push-back'];

/** What is asked, the same for everyone. Nothing in it is free to move: another run, step, argument or committee is another subject. */
export type VoteSubject = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  /** Digest of the compiled plan. */
  readonly playbook: Digest;
  readonly run: string;
  /** The approval step that waits. */
  readonly step: string;
  /** `coveredDigest` of the steps that follow from a yes. */
  readonly arguments: Digest;
  readonly class: ActionClass;
  readonly committeeEpoch: number;
  /** `committeeDigest`: an epoch number alone could be that of a fork. */
  readonly committee: Digest;
  /** Unix seconds; from then on neither a vote nor the certificate counts. */
  readonly expiresAtSeconds: number;
};

/** One member's answer. The comment is for people; only a push-back must have one, and an approval must not: it has no conditions. */
export type Ballot = {
  /** Voter id of the key that signs. */
  readonly voter: string;
  readonly choice: Choice;
  readonly comment?: string;
  readonly signature: string;
};

/** What a member signs and sends: it can be judged without knowing what else was sent. */
export type SignedVote = { readonly subject: VoteSubject; readonly ballot: Ballot };

/** Signatures that outlive an incident are a store of approvals for the next one. */
export const VOTE_SECONDS_MAX = 7 * 86_400;

export const subjectDigest = (subject: VoteSubject): Digest => documentDigest(TAGS.voteSubject, subject);

/** The 32 bytes under the signature: the RFC 8785 form of subject, voter, choice and comment. */
export const ballotDigest = (subject: VoteSubject, { voter, choice, comment }: Omit<Ballot, 'signature'>): Digest =>
  documentDigest(TAGS.vote, { ...subject, voter, choice, ...(comment === undefined ? {} : { comment }) });

export type SubjectRefusal =
  | 'policy.vote-environment'
  | 'policy.vote-network'
  | 'policy.vote-epoch'
  | 'policy.vote-committee'
  | 'policy.vote-expired'
  | 'policy.vote-lifetime';

export type BallotRefusal =
  | 'policy.vote-stranger'
  | 'policy.vote-revoked'
  | 'policy.vote-comment'
  | 'policy.vote-signature';

export type MatchRefusal =
  | 'policy.vote-playbook'
  | 'policy.vote-run'
  | 'policy.vote-step'
  | 'policy.vote-arguments'
  | 'policy.vote-class'
  | 'policy.vote-replayed';

export type RepeatRefusal = 'conflict.vote-repeated' | 'conflict.vote-changed' | 'conflict.vote-deputy';
export type VoteRefusal = SubjectRefusal | BallotRefusal | MatchRefusal | RepeatRefusal;

/** Whether this subject may be voted on, or a certificate of it obeyed, here and now. */
export function judgeSubject(
  subject: VoteSubject,
  authority: Authority,
  nowSeconds: number,
): Verdict<VoteSubject, SubjectRefusal> {
  const { environment, network, committee } = authority;
  if (subject.environment !== environment) {
    return refuse('policy.vote-environment', `vote is for ${subject.environment}, here is ${environment}`);
  }
  if (subject.network !== network) return refuse('policy.vote-network', `vote is for network ${subject.network}`);
  if (subject.committeeEpoch !== committee.epoch) {
    return refuse(
      'policy.vote-epoch',
      `vote names committee ${subject.committeeEpoch}, the present one is ${committee.epoch}`,
    );
  }
  if (subject.committee !== committeeDigest(committee)) {
    return refuse('policy.vote-committee', `vote names another committee of epoch ${committee.epoch}`);
  }
  if (subject.expiresAtSeconds <= nowSeconds) return refuse('policy.vote-expired', 'the time to vote is over');
  if (subject.expiresAtSeconds > nowSeconds + VOTE_SECONDS_MAX) {
    return refuse('policy.vote-lifetime', `votes count for at most ${VOTE_SECONDS_MAX} seconds`);
  }
  return accept(subject);
}

/** Whether the ballot is a present member's own word on exactly this subject. The value is the seat that it speaks for. */
export function judgeBallot(
  subject: VoteSubject,
  ballot: Ballot,
  { committee, former }: Authority,
): Verdict<number, BallotRefusal> {
  const { voter, choice, comment, signature } = ballot;
  const seat = seatOf(committee, voter);
  if (seat === undefined) {
    return former.has(voter)
      ? refuse('policy.vote-revoked', `${voter.slice(0, 8)} had a seat in an earlier committee only`)
      : refuse('policy.vote-stranger', `${voter.slice(0, 8)} has no seat`);
  }
  if (choice === 'push-back' ? comment === undefined : choice === 'approve' && comment !== undefined) {
    return refuse('policy.vote-comment', 'a push-back says what should change; an approval has no conditions');
  }
  if (
    !signedBy(
      seat.key,
      ballotDigest(subject, { voter, choice, ...(comment === undefined ? {} : { comment }) }),
      signature,
    )
  ) {
    return refuse('policy.vote-signature', `signature of ${seat.key.name} does not fit this vote`);
  }
  return accept(seat.seat);
}

const MATCHES: readonly (readonly [keyof VoteSubject, MatchRefusal])[] = [
  ['playbook', 'policy.vote-playbook'],
  ['run', 'policy.vote-run'],
  ['step', 'policy.vote-step'],
  ['arguments', 'policy.vote-arguments'],
  ['class', 'policy.vote-class'],
];

/** Which bound field differs from what is asked: the code says how the vote was moved. */
export function mismatch(
  given: VoteSubject,
  asked: Pick<VoteSubject, 'playbook' | 'run' | 'step' | 'arguments' | 'class'>,
): Refusal<MatchRefusal> | undefined {
  const found = MATCHES.find(([field]) => given[field as keyof typeof asked] !== asked[field as keyof typeof asked]);
  return found && { code: found[1], message: `vote is about another ${found[0]}` };
}

/** Whether a vote that arrives counts towards `asked`, given the ballots that already do. Safe to answer before anything is recorded. */
export function judgeVote(
  { subject, ballot }: SignedVote,
  asked: VoteSubject,
  held: readonly Ballot[],
  authority: Authority,
  nowSeconds: number,
): Verdict<Ballot, VoteRefusal> {
  const here = judgeSubject(subject, authority, nowSeconds);
  if (!here.ok) return here;
  const moved = mismatch(subject, asked);
  if (moved !== undefined) return { ok: false, refusal: moved };
  if (subjectDigest(subject) !== subjectDigest(asked)) {
    return refuse('policy.vote-replayed', 'vote was cast in another round of this step');
  }
  const own = judgeBallot(subject, ballot, authority);
  if (!own.ok) return own;
  const repeated = repetition(ballot, own.value, held, authority);
  return repeated === undefined ? accept(ballot) : { ok: false, refusal: repeated };
}

/** A seat speaks once: neither again, nor otherwise, nor through its deputy. */
export function repetition(
  { voter, choice, comment }: Ballot,
  seat: number,
  held: readonly Ballot[],
  { committee }: Authority,
): Refusal<RepeatRefusal> | undefined {
  const earlier = held.find((each) => seatOf(committee, each.voter)?.seat === seat);
  if (earlier === undefined) return undefined;
  if (earlier.voter !== voter) {
    return { code: 'conflict.vote-deputy', message: 'the other key of this seat has voted already' };
  }
  return earlier.choice === choice && earlier.comment === comment
    ? { code: 'conflict.vote-repeated', message: 'this vote is counted already' }
    : { code: 'conflict.vote-changed', message: `this member has voted ${earlier.choice} already` };
}
