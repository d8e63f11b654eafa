import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  authorityOf,
  ballotBy,
  certificateOf,
  digestNamed,
  genesis,
  handOver,
  NOW,
  rotateStep,
  seats,
  subjectFor,
} from '../approval/testkit/voting.ts';
import { coveredDigest, type CoveredStep } from '../approval/covered.ts';
import type { Proof } from '../approval/execution.ts';
import type { Choice, VoteSubject } from '../approval/vote.ts';
import { principal } from '../committee/testkit/keys.ts';
import { validatorId } from '../network/network.ts';
import { type AskedKey, judgeOrigin } from './origin.ts';

const THRESHOLD = 3;
const authority = authorityOf(genesis, []);
const ids = (...list: number[]) => list.map(validatorId);
const rotate = rotateStep([1, 2, 4, 5, 6], 4);
const withArguments = (change: CoveredStep['arguments']): CoveredStep => ({
  ...rotate,
  arguments: { ...rotate.arguments, ...change },
});

/** Seven of ten members for these steps. */
function proofFor(
  covers: readonly CoveredStep[],
  change: Partial<VoteSubject> = {},
  { voters = 7, choice = 'approve' as Choice } = {},
): Proof {
  const subject = subjectFor(authority, { arguments: coveredDigest(covers), ...change });
  return {
    covers,
    certificate: certificateOf(
      subject,
      seats(voters).map((seat) => ballotBy(principal(seat), subject, choice, choice === 'approve' ? undefined : 'no')),
    ),
  };
}

const { run, playbook } = subjectFor(authority);
const asked: AskedKey = {
  epoch: 2,
  purpose: 'custody',
  participants: ids(1, 2, 4, 5, 6),
  origin: { run, step: 'rotate', playbook },
};
const sound = proofFor([rotate]);
const judge = (change: Partial<AskedKey> = {}, proof = sound, now = NOW, who = authority) =>
  judgeOrigin({ ...asked, ...change }, proof, who, THRESHOLD, now);

test('the key that was voted for is made, by all that were named or by as few as the votes allow', () => {
  expect(judge()).toMatchObject({ ok: true });
  expect(judge({ participants: ids(1, 2, 4, 6) })).toMatchObject({ ok: true });
});

const origin = (change: Partial<AskedKey['origin']>): Partial<AskedKey> => ({ origin: { ...asked.origin, ...change } });
const attacks: readonly (readonly [string, string, () => ReturnType<typeof judge>])[] = [
  ['votes of another run', 'policy.vote-run', () => judge(origin({ run: 'incident/laptop/8' }))],
  ['votes on another playbook', 'policy.vote-playbook', () => judge(origin({ playbook: digestNamed('edited') }))],
  ['a step that nobody voted on', 'policy.step-not-covered', () => judge(origin({ step: 'again' }))],
  ['another epoch', 'policy.vote-arguments', () => judge({ epoch: 3 })],
  ['another purpose', 'policy.vote-arguments', () => judge({ purpose: 'theft' })],
  ['votes that have expired', 'policy.vote-expired', () => judge({}, sound, NOW + 3_600)],
  ['votes of the committee before', 'policy.vote-epoch', () => judge({}, sound, NOW, authorityOf(genesis, [handOver]))],
  [
    'votes of another committee',
    'policy.vote-committee',
    () => judge({}, proofFor([rotate], { committee: digestNamed('other') })),
  ],
  ['votes of another network', 'policy.vote-network', () => judge({}, proofFor([rotate], { network: 'mainland' }))],
  ['votes of a drill', 'policy.vote-environment', () => judge({}, proofFor([rotate], { environment: 'drill' }))],
  ['votes on a freeze', 'policy.vote-downgraded', () => judge({}, proofFor([rotate], { class: 'freeze' }))],
  ['one vote too few', 'policy.vote-quorum', () => judge({}, proofFor([rotate], {}, { voters: 6 }))],
  ['a no of everybody', 'policy.vote-quorum', () => judge({}, proofFor([rotate], {}, { choice: 'reject' }))],
  [
    'steps that were put in after the vote',
    'policy.vote-arguments',
    () =>
      judge(
        { participants: ids(1, 2, 3, 4) },
        { ...sound, covers: [withArguments({ participants: { value: [1, 2, 3, 4] } })] },
      ),
  ],
  ['a participant that nobody voted for', 'policy.key-participants', () => judge({ participants: ids(1, 2, 3, 4, 5) })],
  [
    'the suspect beside all that were named',
    'policy.key-participants',
    () => judge({ participants: ids(1, 2, 3, 4, 5, 6) }),
  ],
  ['fewer than the smallest', 'policy.key-participants', () => judge({ participants: ids(1, 2, 4) })],
  [
    'as few as must sign, although the votes allow it',
    'policy.key-participants',
    () => judge({ participants: ids(1, 2, 4) }, proofFor([withArguments({ smallest: { value: 1 } })])),
  ],
  ['another process', 'policy.step-not-covered', () => judge({}, proofFor([{ ...rotate, name: 'payOut' }]))],
  ['an action of that name', 'policy.step-not-covered', () => judge({}, proofFor([{ ...rotate, kind: 'action' }]))],
  [
    'participants that a step is still to name',
    'policy.covered-reference',
    () => judge({}, proofFor([withArguments({ participants: { output: { step: 'roster', name: 'participants' } } })])),
  ],
  [
    'participants that are no list',
    'policy.vote-arguments',
    () => judge({}, proofFor([withArguments({ participants: { value: '1 2 4' } })])),
  ],
  [
    'a smallest number that is none',
    'policy.vote-arguments',
    () => judge({}, proofFor([withArguments({ smallest: { value: 'few' } })])),
  ],
  [
    'one argument more',
    'policy.vote-arguments',
    () => judge({}, proofFor([withArguments({ threshold: { value: 2 } })])),
  ],
];
test.each(attacks)('no key is made for %s', (_name, code, act) => {
  expect(act()).toMatchObject({ ok: false, refusal: { code } });
});

test('whatever is proposed, only named validators take part, and never fewer than voted', () => {
  const named = new Set<number>([1, 2, 4, 5, 6]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 8 })), (list) => {
      const participants = ids(...list.toSorted((a, b) => a - b));
      const isAllowed = participants.every((id) => named.has(id)) && participants.length >= 4;
      expect(judge({ participants }).ok).toBe(isAllowed);
    }),
    { numRuns: 60 },
  );
});
