import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestOf, TAGS } from '../encoding/digest.ts';
import { type ValidatorId, validatorId } from '../network/network.ts';
import { fewestParticipants, judgeParticipants, pinnedParticipants } from './participants.ts';

const ids = (...list: number[]): ValidatorId[] => list.map(validatorId);
/** Five validators, the last one a spare; three sign. */
const roster = {
  threshold: 3,
  validators: ids(1, 2, 3, 4, 5).map((id) => ({
    id,
    identity: '00'.repeat(32),
    addresses: [],
    ...(id === 5 ? ({ spare: true } as const) : {}),
  })),
};
const origin = { run: 'incident/laptop/7', step: 'rotate', playbook: digestOf(TAGS.plan) };

test('without votes a key is made by exactly the validators that are no spares', () => {
  expect(pinnedParticipants(roster)).toEqual([1, 2, 3, 4]);
  expect(judgeParticipants([1, 2, 3, 4], undefined, roster)).toEqual({ ok: true, value: [1, 2, 3, 4] });
});

test.each([
  ['a spare', [1, 2, 3, 4, 5]],
  ['a spare in the place of another', [1, 2, 3, 5]],
  ['one too few', [1, 2, 3]],
  ['nobody', []],
])('without votes a key with %s is refused', (_name, participants) => {
  expect(judgeParticipants(participants, undefined, roster)).toMatchObject({
    refusal: { code: 'policy.key-participants' },
  });
});

test('with votes a spare may take part, and somebody may be missing', () => {
  for (const participants of [
    [1, 2, 3, 5],
    [1, 2, 3, 4, 5],
  ])
    expect(judgeParticipants(participants, origin, roster)).toMatchObject({ ok: true });
});

test.each([
  ['a stranger', [1, 2, 3, 6]],
  ['an id of zero', [0, 1, 2, 3]],
  ['half an id', [1, 2, 2.5, 3]],
  ['somebody twice', [1, 2, 2, 3]],
  ['an order of its own', [2, 1, 3, 4]],
  ['as many as must sign and not one more', [1, 2, 3]],
])('also with votes a key with %s is refused', (_name, participants) => {
  expect(judgeParticipants(participants, origin, roster)).toMatchObject({
    refusal: { code: 'policy.key-participants' },
  });
});

test('whoever is accepted is listed, once each, and survives the loss of any one share', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 8 }), fc.boolean(), (participants, isVoted) => {
      const verdict = judgeParticipants(participants, isVoted ? origin : undefined, roster);
      if (!verdict.ok) return;
      const listed = new Set<number>(roster.validators.map(({ id }) => id));
      expect(new Set(verdict.value).size).toBe(participants.length);
      expect(verdict.value.every((id) => listed.has(id))).toBe(true);
      expect(verdict.value.length - 1).toBeGreaterThanOrEqual(roster.threshold);
      expect(verdict.value.length).toBeGreaterThanOrEqual(fewestParticipants(roster.threshold));
    }),
  );
});
