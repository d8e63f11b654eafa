import { type Authority, quorumOf, seatOf, seatsOf } from '../committee/committee.ts';
import type { Digest } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import {
  type Ballot,
  type BallotRefusal,
  judgeBallot,
  judgeSubject,
  type MatchRefusal,
  mismatch,
  type RepeatRefusal,
  repetition,
  subjectDigest,
  type SubjectRefusal,
  type VoteSubject,
} from './vote.ts';

/** A subject and what members answered: whoever must act checks it alone, with the network file that it pinned. */
export type VoteCertificate = {
  readonly version: 1;
  readonly subject: VoteSubject;
  readonly ballots: readonly Ballot[];
};

/** `open`: silence may still become a yes. `lapsed`: it did not in time. Silence itself is never counted. */
export type Outcome = 'open' | 'approved' | 'rejected' | 'pushed-back' | 'lapsed';

export type Tally = {
  readonly outcome: Outcome;
  readonly need: number;
  /** Names of the keys that answered so. */
  readonly approved: readonly string[];
  readonly rejected: readonly string[];
  readonly abstained: readonly string[];
  readonly pushedBack: readonly { readonly name: string; readonly comment: string }[];
  /** Principals of the seats that have said nothing. */
  readonly silent: readonly string[];
};

/**
 * Where a vote stands. `ballots` have been judged one by one. `raised` is a quorum above that of the class, where the plan wants one.
 * Once too few seats are left for a yes, it is a no; if somebody pushed back, it goes to the author for another proposal.
 */
export function tally(
  subject: VoteSubject,
  ballots: readonly Ballot[],
  { committee }: Authority,
  nowSeconds: number,
  raised = 0,
): Tally {
  const nameOf = ({ voter }: Ballot): string => seatOf(committee, voter)?.key.name ?? voter.slice(0, 8);
  const named = (choice: Ballot['choice']): readonly string[] =>
    ballots.filter((ballot) => ballot.choice === choice).map(nameOf);
  const spoken = new Set(ballots.map(({ voter }) => seatOf(committee, voter)?.seat));
  const silent = seatsOf(committee).filter(({ seat, deputyOf }) => deputyOf === undefined && !spoken.has(seat));
  const need = Math.max(raised, quorumOf(committee, subject.class));
  const approved = named('approve');
  const pushedBack = ballots
    .filter(({ choice }) => choice === 'push-back')
    .map((ballot) => ({ name: nameOf(ballot), comment: ballot.comment ?? '' }));
  const outcome: Outcome =
    approved.length >= need
      ? 'approved'
      : approved.length + silent.length < need
        ? pushedBack.length > 0
          ? 'pushed-back'
          : 'rejected'
        : subject.expiresAtSeconds <= nowSeconds
          ? 'lapsed'
          : 'open';
  return {
    outcome,
    need,
    approved,
    rejected: named('reject'),
    abstained: named('abstain'),
    pushedBack,
    silent: silent.map(({ key }) => key.name),
  };
}

/** What the executor is about to do, from its own knowledge and never from the certificate. */
export type Expected = Pick<VoteSubject, 'playbook' | 'run' | 'step' | 'arguments' | 'class'> & {
  /** A quorum above that of the class. */
  readonly quorum?: number;
  /** Whether a certificate of this subject was obeyed before. */
  readonly spent?: (subject: Digest) => boolean;
};

export type CertificateRefusal =
  | SubjectRefusal
  | MatchRefusal
  | BallotRefusal
  | RepeatRefusal
  | 'policy.vote-downgraded'
  | 'policy.vote-quorum'
  | 'conflict.certificate-spent';

export type Certified = {
  /** Key under which the executor records that it obeyed. */
  readonly subject: Digest;
  readonly approvedBy: readonly string[];
};

/**
 * Whether this certificate lets its holder do exactly `expected`, now. Complete in itself: subject, every ballot, seats and quorum
 * are checked here again, whoever checked them before. One bad ballot refuses all of it: an honest collector sends none.
 */
export function judgeCertificate(
  { subject, ballots }: VoteCertificate,
  expected: Expected,
  authority: Authority,
  nowSeconds: number,
): Verdict<Certified, CertificateRefusal> {
  const here = judgeSubject(subject, authority, nowSeconds);
  if (!here.ok) return here;
  const { committee } = authority;
  if (quorumOf(committee, subject.class) < quorumOf(committee, expected.class)) {
    return refuse('policy.vote-downgraded', `a ${expected.class} is not approved by votes on a ${subject.class}`);
  }
  const moved = mismatch(subject, expected);
  if (moved !== undefined) return { ok: false, refusal: moved };
  const counted: Ballot[] = [];
  for (const ballot of ballots) {
    const own = judgeBallot(subject, ballot, authority);
    if (!own.ok) return own;
    const repeated = repetition(ballot, own.value, counted, authority);
    if (repeated !== undefined) return { ok: false, refusal: repeated };
    counted.push(ballot);
  }
  const { outcome, approved, need } = tally(subject, counted, authority, nowSeconds, expected.quorum);
  if (outcome !== 'approved') {
    return refuse('policy.vote-quorum', `${approved.length} of ${need} needed members approve`, {
      have: approved.length,
      need,
    });
  }
  const digest = subjectDigest(subject);
  if (expected.spent?.(digest) === true) return refuse('conflict.certificate-spent', 'this approval was used before');
  return accept({ subject: digest, approvedBy: approved });
}
