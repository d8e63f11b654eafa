import { expect, test } from '@jest/globals';
import type { Saying } from '../../activities/gathering.ts';
import { validatorId } from '../../domain/network/network.ts';
import { remaining, type Trouble } from './state.ts';

const ids = (...list: number[]) => list.map(validatorId);
const everyone = ids(1, 2, 3, 4, 5, 6, 7);
const says = (validator: number, code: Saying['code'] = 'policy.keygen-parameters'): Saying => ({
  validator: validatorId(validator),
  code,
  message: 'no',
});
const complains = (validator: number): Saying => says(validator, 'signer-fault.objection');
const trouble = (change: Partial<Trouble>): Trouble => ({
  missing: [],
  refused: [],
  refusal: { code: 'unavailable.validators', message: 'too few' },
  proven: [],
  ...change,
});
const left = (change: Partial<Trouble>, smallest = 5) => remaining(everyone, smallest, trouble(change));

test('whoever is silent or refuses is left out', () => {
  expect(left({ missing: [says(3)] })).toEqual(ids(1, 2, 4, 5, 6, 7));
  expect(left({ missing: [says(3)], refused: [says(7)] })).toEqual(ids(1, 2, 4, 5, 6));
});

test('a complaint puts out whom it proves to be at fault: the dealer and not the one who complained', () => {
  expect(left({ refused: [complains(5)], proven: ids(3) })).toEqual(ids(1, 2, 4, 5, 6, 7));
});

test('or the one who complained, and not the dealer', () => {
  expect(left({ refused: [complains(5)], proven: ids(5) })).toEqual(ids(1, 2, 3, 4, 6, 7));
});

test('a word against another without a signed complaint puts out only the one who says it', () => {
  expect(left({ refused: [says(5, 'signer-fault.keygen-share')] })).toEqual(ids(1, 2, 3, 4, 6, 7));
});

test('what the coordinator itself found is believed', () => {
  const refusal = {
    code: 'signer-fault.keygen-package',
    message: 'another package',
    details: { culprits: [2] },
  } as const;
  expect(left({ refusal })).toEqual(ids(1, 3, 4, 5, 6, 7));
});

test('when too few would be left, all are asked again', () => {
  expect(left({ missing: [says(1), says(2), says(3)] })).toEqual(everyone);
});

test('one faulty participant is gone after one attempt and costs no honest one, whatever it does', () => {
  const deeds: readonly Partial<Trouble>[] = [
    { missing: [says(7)] },
    { refused: [says(7)] },
    { refused: [complains(7)], proven: ids(7) },
    { refused: [complains(2), complains(4)], proven: ids(7) },
  ];
  for (const deed of deeds) expect(left(deed, 4)).toEqual(ids(1, 2, 3, 4, 5, 6));
});
