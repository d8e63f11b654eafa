import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { committeeDigest } from '../../committee/committee.ts';
import { committeeOf, deputy, principal, secretOf, testKey } from '../../committee/testkit/keys.ts';
import { sha256Hex } from '../../encoding/digest.ts';
import { fromHex, toHex } from '../../encoding/hex.ts';
import type { CertificateRefusal } from '../certificate.ts';
import { type Ballot, ballotDigest, subjectDigest, type VoteSubject } from '../vote.ts';
import {
  authorityOf,
  ballotBy,
  certificateOf,
  digestNamed,
  genesis,
  handOver,
  NOW,
  seats,
  soundCase,
  subjectFor,
  type VotingCase,
  wanted,
} from './voting.ts';

export type Attack<Code extends string = string> = {
  readonly name: string;
  readonly code: Code;
  readonly make: () => VotingCase;
};

const attack = (name: string, code: CertificateRefusal, make: () => VotingCase): Attack => ({ name, code, make });

/** Seven of ten approve another subject than the executor is about to act on. */
const elsewhere = (change: Partial<VoteSubject>): VotingCase => ({
  ...soundCase([], change),
  expected: soundCase().expected,
});

/** Signatures of the sound subject, moved under a changed one that the executor would accept. */
const rewritten = (signed: Partial<VoteSubject>, shown: Partial<VoteSubject> = {}): VotingCase => {
  const sound = soundCase([], signed);
  const subject = subjectFor(authorityOf(genesis, []), shown);
  return { ...sound, certificate: certificateOf(subject, sound.certificate.ballots), expected: wanted(subject) };
};

/** The sound certificate with its ballots changed. */
const balloted = (change: (ballots: readonly Ballot[], subject: VoteSubject) => readonly Ballot[]): VotingCase => {
  const sound = soundCase();
  const { subject, ballots } = sound.certificate;
  return { ...sound, certificate: certificateOf(subject, change(ballots, subject)) };
};

/** The ballot of seat 3 (Ed25519) replaced. */
const forged = (forge: (ballot: Ballot, subject: VoteSubject) => Ballot, seat = 3): VotingCase =>
  balloted((ballots, subject) => ballots.map((ballot, at) => (at === seat ? forge(ballot, subject) : ballot)));

const signedOtherwise = (sign: (subject: VoteSubject, ballot: Ballot) => string, seat = 3): VotingCase =>
  forged((ballot, subject) => ({ ...ballot, signature: sign(subject, ballot) }), seat);

const plus = (...more: ((subject: VoteSubject) => Ballot)[]): VotingCase =>
  balloted((ballots, subject) => [...ballots, ...more.map((make) => make(subject))]);

/** Attacks on votes: each must be refused with its own code by everybody who checks the certificate. */
export const voteAttacks: readonly Attack[] = [
  attack('a signature with one bit flipped', 'policy.vote-signature', () =>
    forged((ballot) => ({ ...ballot, signature: flipped(ballot.signature) })),
  ),
  attack('a signature of another member under this name', 'policy.vote-signature', () =>
    signedOtherwise((subject, ballot) => principal(4).sign(ballotDigest(subject, ballot))),
  ),
  attack('a rejection turned into an approval', 'policy.vote-signature', () =>
    forged((_ballot, subject) => ({ ...ballotBy(principal(3), subject, 'reject'), choice: 'approve' })),
  ),
  attack('a push-back stripped of its comment and turned into an approval', 'policy.vote-signature', () =>
    forged((_ballot, subject) => {
      const { voter, signature } = ballotBy(principal(3), subject, 'push-back', 'not validator 9');
      return { voter, choice: 'approve', signature };
    }),
  ),
  attack('a comment put into the mouth of a member who rejected', 'policy.vote-signature', () =>
    forged((_ballot, subject) => ({ ...ballotBy(principal(3), subject, 'reject'), comment: 'go on anyway' })),
  ),
  attack('an approval with a condition', 'policy.vote-comment', () =>
    forged((_ballot, subject) => ballotBy(principal(3), subject, 'approve', 'only if validator 9 is out')),
  ),
  attack('a push-back that does not say why', 'policy.vote-comment', () =>
    plus((subject) => ballotBy(principal(7), subject, 'push-back')),
  ),
  attack('votes of an earlier run', 'policy.vote-run', () => elsewhere({ run: 'incident/laptop/6' })),
  attack('votes of an earlier run, relabelled', 'policy.vote-signature', () => rewritten({ run: 'incident/laptop/6' })),
  attack('votes of another approval step of the run', 'policy.vote-step', () => elsewhere({ step: 'approve-lift' })),
  attack('votes of another step, relabelled', 'policy.vote-signature', () => rewritten({ step: 'approve-lift' })),
  attack('votes on a playbook that was edited since', 'policy.vote-playbook', () =>
    elsewhere({ playbook: digestNamed('the plan before the edit') }),
  ),
  attack('votes on another playbook, relabelled', 'policy.vote-signature', () =>
    rewritten({ playbook: digestNamed('a harmless plan') }),
  ),
  attack('arguments that changed after the vote', 'policy.vote-arguments', () =>
    elsewhere({ arguments: digestNamed('other participants') }),
  ),
  attack('arguments swapped under the signatures', 'policy.vote-signature', () =>
    rewritten({ arguments: digestNamed('other participants') }),
  ),
  attack('votes of a drill in production', 'policy.vote-environment', () => elsewhere({ environment: 'drill' })),
  attack('votes of a drill, relabelled as production', 'policy.vote-signature', () =>
    rewritten({ environment: 'drill' }),
  ),
  attack('votes of another network', 'policy.vote-network', () => elsewhere({ network: 'mainland' })),
  attack('votes of another network, relabelled', 'policy.vote-signature', () => rewritten({ network: 'mainland' })),
  attack('votes that have expired', 'policy.vote-expired', () => ({ ...soundCase(), nowSeconds: NOW + 7_200 })),
  attack('votes in the second of their expiry', 'policy.vote-expired', () => ({
    ...soundCase(),
    nowSeconds: NOW + 3_600,
  })),
  attack('an expiry moved to tomorrow under the signatures', 'policy.vote-signature', () =>
    rewritten({}, { expiresAtSeconds: NOW + 86_400 }),
  ),
  attack('votes that would count for a year', 'policy.vote-lifetime', () =>
    elsewhere({ expiresAtSeconds: NOW + 365 * 86_400 }),
  ),
  attack('votes of the committee before the hand-over', 'policy.vote-epoch', () => ({
    ...soundCase(),
    chain: [handOver],
  })),
  attack('votes of a committee that nobody has followed yet', 'policy.vote-epoch', () => ({
    ...soundCase([handOver]),
    chain: [],
  })),
  attack('votes of a committee that has the same epoch number and other members', 'policy.vote-committee', () =>
    elsewhere({ committee: committeeDigest(committeeOf(1, seats(10, 2))) }),
  ),
  attack('votes of a committee that has the same members and smaller quorums', 'policy.vote-committee', () =>
    elsewhere({ committee: committeeDigest({ ...genesis.committee, quorum: { freeze: 1, lift: 1, change: 1 } }) }),
  ),
  attack('a vote of a member who left', 'policy.vote-revoked', () => {
    const sound = soundCase([handOver]);
    const { subject, ballots } = sound.certificate;
    return { ...sound, certificate: certificateOf(subject, [...ballots, ballotBy(principal(0), subject)]) };
  }),
  attack('a vote of the deputy of a member who left', 'policy.vote-revoked', () => {
    const sound = soundCase([handOver]);
    const { subject, ballots } = sound.certificate;
    return { ...sound, certificate: certificateOf(subject, [...ballots, ballotBy(deputy(0), subject)]) };
  }),
  attack('a vote of somebody who never had a seat', 'policy.vote-stranger', () =>
    plus((subject) => ballotBy(testKey('mallory'), subject)),
  ),
  attack('a voter named by the bare hash of a post-quantum key', 'policy.vote-stranger', () =>
    forged((ballot) => ({ ...ballot, voter: sha256Hex(fromHex(principal(2).listed.key, 'key')) }), 2),
  ),
  attack('a voter named by a secp256k1 key as if it were Ed25519', 'policy.vote-stranger', () =>
    forged((ballot) => ({ ...ballot, voter: principal(1).listed.key }), 1),
  ),
  attack('one ballot counted twice', 'conflict.vote-repeated', () =>
    balloted((ballots) => [...ballots.slice(0, 6), ...ballots.slice(0, 1)]),
  ),
  attack('a member who approved and rejected', 'conflict.vote-changed', () =>
    plus((subject) => ballotBy(principal(3), subject, 'reject')),
  ),
  attack('principal and deputy of one seat', 'conflict.vote-deputy', () =>
    balloted((ballots, subject) => [...ballots.slice(0, 6), ballotBy(deputy(0), subject)]),
  ),
  attack('one approval too few', 'policy.vote-quorum', () => balloted((ballots) => ballots.slice(0, 6))),
  attack('an abstention counted as approval', 'policy.vote-quorum', () =>
    balloted((ballots, subject) => [...ballots.slice(0, 6), ballotBy(principal(6), subject, 'abstain')]),
  ),
  attack('silence counted as approval', 'policy.vote-quorum', () => balloted(() => [])),
  attack('votes on a freeze presented for a change', 'policy.vote-downgraded', () => {
    const sound = soundCase([], { class: 'freeze' });
    return { ...sound, expected: soundCase().expected };
  }),
  attack('three freeze votes relabelled as a change', 'policy.vote-signature', () => rewritten({ class: 'freeze' })),
  attack('votes on a change presented for a freeze', 'policy.vote-class', () => {
    const sound = soundCase();
    return { ...sound, expected: { ...sound.expected, class: 'freeze' } };
  }),
  attack('a plan that asks for a quorum of one', 'policy.vote-quorum', () => {
    const few = balloted((ballots) => ballots.slice(0, 1));
    return { ...few, expected: { ...few.expected, quorum: 1 } };
  }),
  attack('a plan that asks for more than the class, met by the class alone', 'policy.vote-quorum', () => {
    const sound = soundCase();
    return { ...sound, expected: { ...sound.expected, quorum: 8 } };
  }),
  attack('an Ed25519 signature with the group order added to S', 'policy.vote-signature', () =>
    forged((ballot) => ({ ...ballot, signature: malleated(ballot.signature) })),
  ),
  attack('an ECDSA signature where BIP340 is asked for', 'policy.vote-signature', () =>
    signedOtherwise(
      (subject, ballot) =>
        toHex(
          secp256k1.sign(fromHex(ballotDigest(subject, ballot), 'digest'), secretOf('member-1', 'secp256k1'), {
            prehash: false,
          }),
        ),
      1,
    ),
  ),
  attack('an ML-DSA signature under a context string', 'policy.vote-signature', () =>
    signedOtherwise((subject, ballot) => {
      const { secretKey } = ml_dsa65.keygen(secretOf('member-2', 'ml-dsa-65'));
      return toHex(
        ml_dsa65.sign(fromHex(ballotDigest(subject, ballot), 'digest'), secretKey, { context: utf8ToBytes('other') }),
      );
    }, 2),
  ),
  attack('an Ed25519 signature in the place of a post-quantum one', 'policy.vote-signature', () =>
    signedOtherwise((subject, ballot) => principal(3).sign(ballotDigest(subject, ballot)), 2),
  ),
  attack('a signature over the hexadecimal text of the digest', 'policy.vote-signature', () =>
    signedOtherwise((subject, ballot) => raw(utf8ToBytes(ballotDigest(subject, ballot)))),
  ),
  attack('a signature over the digest hashed once more', 'policy.vote-signature', () =>
    signedOtherwise((subject, ballot) => raw(sha256(fromHex(ballotDigest(subject, ballot), 'digest')))),
  ),
  attack('a signature over the subject without a choice', 'policy.vote-signature', () =>
    signedOtherwise((subject) => principal(3).sign(subjectDigest(subject))),
  ),
  attack('an empty signature', 'policy.vote-signature', () => forged((ballot) => ({ ...ballot, signature: '' }))),
  attack('a signature in upper-case hexadecimal', 'policy.vote-signature', () =>
    forged((ballot) => ({ ...ballot, signature: ballot.signature.toUpperCase() })),
  ),
  attack('one bad ballot beside seven good ones', 'policy.vote-signature', () =>
    plus((subject) => ({ ...ballotBy(principal(8), subject), signature: '00'.repeat(64) })),
  ),
];

const raw = (message: Uint8Array): string => toHex(ed25519.sign(message, secretOf('member-3')));
const flipped = (signature: string): string => `${signature.startsWith('0') ? '1' : '0'}${signature.slice(1)}`;

/** RFC 8032 §5.1.7 demands S below the group order; a verifier that does not look accepts this twin. */
function malleated(signature: string): string {
  const bytes = fromHex(signature, 'signature', 64);
  const s = bytesToNumberLE(bytes.slice(32)) + ed25519.Point.Fn.ORDER;
  return bytesToHex(bytes.slice(0, 32)) + bytesToHex(numberToBytesLE(s, 32));
}
