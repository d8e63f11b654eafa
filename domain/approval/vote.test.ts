import { expect, test } from '@jest/globals';
import { deputy, principal, testKey } from '../committee/testkit/keys.ts';
import { authorityOf, ballotBy, digestNamed, genesis, handOver, NOW, subjectFor } from './testkit/voting.ts';
import { type Ballot, judgeVote, type SignedVote, type VoteRefusal, type VoteSubject } from './vote.ts';

const authority = authorityOf(genesis, []);
const asked = subjectFor(authority);
const vote = (subject: VoteSubject = asked, key = principal(3)): SignedVote => ({
  subject,
  ballot: ballotBy(key, subject),
});
const judge = (given: SignedVote, held: readonly Ballot[] = [], now = NOW) =>
  judgeVote(given, asked, held, authority, now);

test('a vote on what is asked is counted', () => {
  const given = vote();
  expect(judge(given)).toEqual({ ok: true, value: given.ballot });
});

const held = [ballotBy(principal(3), asked)];
const moved = (change: Partial<VoteSubject>) => () => judge(vote({ ...asked, ...change }));
const attacks: readonly (readonly [string, VoteRefusal, () => ReturnType<typeof judge>])[] = [
  ['from a drill', 'policy.vote-environment', moved({ environment: 'drill' })],
  ['from another network', 'policy.vote-network', moved({ network: 'mainland' })],
  ['on another playbook', 'policy.vote-playbook', moved({ playbook: digestNamed('edited') })],
  ['from another run', 'policy.vote-run', moved({ run: 'incident/laptop/6' })],
  ['at another step', 'policy.vote-step', moved({ step: 'approve-lift' })],
  ['on arguments that have changed since', 'policy.vote-arguments', moved({ arguments: digestNamed('before') })],
  ['on another class', 'policy.vote-class', moved({ class: 'freeze' })],
  [
    'from another round of the same step',
    'policy.vote-replayed',
    moved({ expiresAtSeconds: asked.expiresAtSeconds - 60 }),
  ],
  ['for another committee', 'policy.vote-committee', moved({ committee: digestNamed('committee') })],
  ['of the next epoch', 'policy.vote-epoch', moved({ committeeEpoch: 2 })],
  ['that is too late', 'policy.vote-expired', () => judge(vote(), [], asked.expiresAtSeconds)],
  ['of a stranger', 'policy.vote-stranger', () => judge(vote(asked, testKey('mallory')))],
  [
    'that is forged',
    'policy.vote-signature',
    () => judge({ subject: asked, ballot: { ...ballotBy(principal(4), asked), voter: principal(3).voter } }),
  ],
  ['that was counted already', 'conflict.vote-repeated', () => judge(vote(), held)],
  [
    'of a member who has changed their mind',
    'conflict.vote-changed',
    () => judge({ subject: asked, ballot: ballotBy(principal(3), asked, 'reject') }, held),
  ],
  ['of the deputy of a member who has voted', 'conflict.vote-deputy', () => judge(vote(asked, deputy(3)), held)],
];
test.each(attacks)('not counted: a vote %s', (_name, code, act) => {
  expect(act()).toMatchObject({ ok: false, refusal: { code } });
});

test('a member who left with the last hand-over is told so', () => {
  const present = authorityOf(genesis, [handOver]);
  const subject = subjectFor(present);
  expect(judgeVote(vote(subject, principal(0)), subject, [], present, NOW)).toMatchObject({
    refusal: { code: 'policy.vote-revoked' },
  });
});
