import { expect, test } from '@jest/globals';
import { deputy, principal } from '../committee/testkit/keys.ts';
import { judgeCertificate, tally } from './certificate.ts';
import {
  authorityOf,
  ballotBy,
  certificateOf,
  genesis,
  handOver,
  NOW,
  seats,
  soundCase,
  subjectFor,
  wanted,
} from './testkit/voting.ts';

const authority = authorityOf(genesis, []);
const subject = subjectFor(authority);
const yes = (...from: number[]) => from.map((seat) => ballotBy(principal(seat), subject));

test('seven of ten approvals, one of them post-quantum and one on secp256k1, let the executor act', () => {
  const { certificate, expected } = soundCase();
  expect(judgeCertificate(certificate, expected, authority, NOW)).toMatchObject({
    ok: true,
    value: { approvedBy: seats(7).map((seat) => `member-${seat}`) },
  });
});

test('after a hand-over the new committee speaks', () => {
  const { certificate, expected } = soundCase([handOver]);
  expect(judgeCertificate(certificate, expected, authorityOf(genesis, [handOver]), NOW).ok).toBe(true);
});

test('a deputy speaks for its seat', () => {
  const certificate = certificateOf(subject, [ballotBy(deputy(0), subject), ...yes(1, 2, 3, 4, 5, 6)]);
  expect(judgeCertificate(certificate, wanted(subject), authority, NOW)).toMatchObject({ ok: true });
});

test('silence approves nothing: before the expiry a vote is open, afterwards it has lapsed', () => {
  expect(tally(subject, yes(0, 1, 2), authority, NOW)).toMatchObject({ outcome: 'open', need: 7 });
  expect(tally(subject, yes(0, 1, 2), authority, NOW).silent).toHaveLength(7);
  expect(tally(subject, yes(0, 1, 2), authority, NOW + 3_600)).toMatchObject({ outcome: 'lapsed' });
  expect(tally(subject, [], authority, NOW + 3_600)).toMatchObject({ outcome: 'lapsed' });
});

test('a vote is lost as soon as too few seats are left for a yes', () => {
  const no = seats(3).map((seat) => ballotBy(principal(seat), subject, 'reject'));
  expect(tally(subject, no, authority, NOW).outcome).toBe('open');
  const lost = [...no, ballotBy(principal(3), subject, 'abstain')];
  expect(tally(subject, lost, authority, NOW)).toMatchObject({ outcome: 'rejected', abstained: ['member-3'] });
});

test('a lost vote with a push-back goes back to its author with the comment', () => {
  const ballots = [
    ...seats(3).map((seat) => ballotBy(principal(seat), subject, 'reject')),
    ballotBy(principal(3), subject, 'push-back', 'leave validator 9 out too'),
  ];
  expect(tally(subject, ballots, authority, NOW)).toMatchObject({
    outcome: 'pushed-back',
    pushedBack: [{ name: 'member-3', comment: 'leave validator 9 out too' }],
  });
});

test('a plan may ask for more than the class, never for less', () => {
  const { certificate, expected } = soundCase();
  expect(judgeCertificate(certificate, { ...expected, quorum: 8 }, authority, NOW)).toMatchObject({
    refusal: { code: 'policy.vote-quorum', details: { have: 7, need: 8 } },
  });
  const six = certificateOf(subject, yes(0, 1, 2, 3, 4, 5));
  expect(judgeCertificate(six, { ...expected, quorum: 1 }, authority, NOW)).toMatchObject({
    refusal: { code: 'policy.vote-quorum', details: { have: 6, need: 7 } },
  });
});
