import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ValidatorId, validatorId } from '../network/network.ts';
import { chooseParticipants, knownEpochs, type RosterWord, smallestFor } from './next-key.ts';

const ids = (...list: number[]): ValidatorId[] => list.map(validatorId);
/** Fifteen validators and a spare, ten of them sign. */
const roster = {
  threshold: 10,
  validators: Array.from({ length: 16 }, (_unused, at) => ({
    id: validatorId(at + 1),
    identity: '00'.repeat(32),
    addresses: [],
    ...(at === 15 ? ({ spare: true } as const) : {}),
  })),
};
const everyone = roster.validators.map(({ id }) => id);
const up = (...down: number[]) => new Set(everyone.filter((id) => !down.includes(id)));

test('the spare takes the place of a suspect, and stays out as long as nobody is missing', () => {
  expect(chooseParticipants(roster, ids(7), up())).toEqual(everyone.filter((id) => id !== 7));
  expect(chooseParticipants(roster, [], up())).toEqual(everyone.slice(0, 15));
});

test('a spare that answers comes before a validator that does not', () => {
  expect(chooseParticipants(roster, [], up(3))).toEqual(everyone.filter((id) => id !== 3));
});

test('whoever is silent is named where nobody else is left, and a silent spare last', () => {
  expect(chooseParticipants(roster, ids(7), up(3))).toEqual(everyone.filter((id) => id !== 7));
  expect(chooseParticipants(roster, ids(7, 8), up(16))).toEqual(everyone.filter((id) => id !== 7 && id !== 8));
});

test('a suspect is never named, nobody is named twice, and there are never more than without votes', () => {
  fc.assert(
    fc.property(fc.subarray(everyone), fc.subarray(everyone), (without, ready) => {
      const chosen = chooseParticipants(roster, without, new Set(ready));
      expect(chosen.some((id) => without.includes(id))).toBe(false);
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
      expect(chosen.length).toBe(Math.min(15, 16 - without.length));
    }),
  );
});

test('the smallest circle leaves one more rotation possible, and is never below what a key takes', () => {
  expect(smallestFor(10, 15)).toBe(12);
  expect(smallestFor(10, 11)).toBe(11);
  expect(smallestFor(3, 5)).toBe(5);
});

const word = (epoch: number, state: RosterWord['keys'][number]['state']): RosterWord => ({
  ready: true,
  keys: [{ epoch, state }],
});
const all = (count: number, one: RosterWord): RosterWord[] => Array.from({ length: count }, () => one);

test('an epoch counts when more vouch for it than may be missing', () => {
  expect(knownEpochs(all(6, word(1, 'active')), roster)).toEqual({ active: 1, highest: 1 });
  expect(knownEpochs(all(5, word(1, 'active')), roster)).toEqual({ active: 0, highest: 0 });
});

test('a number is used up by a certificate, whatever became of its key; a half-made key uses up none', () => {
  const both = all(10, { ready: true, keys: [...word(3, 'active').keys, ...word(4, 'certified').keys] });
  expect(knownEpochs(both, roster)).toEqual({ active: 3, highest: 4 });
  expect(knownEpochs([...both, ...all(10, word(5, 'proposed'))], roster)).toEqual({ active: 3, highest: 4 });
});

test('five that lie, each as often as they like, use up no number and choose no key', () => {
  const liar: RosterWord = {
    ready: true,
    keys: Array.from({ length: 20 }, () => ({ epoch: 0xffff_ffff, state: 'active' as const })),
  };
  expect(knownEpochs([...all(10, word(1, 'active')), ...all(5, liar)], roster)).toEqual({ active: 1, highest: 1 });
});
