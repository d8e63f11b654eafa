import { expect, test } from '@jest/globals';
import { validatorId } from '../network/network.ts';
import { enoughToName, enoughToOutvote, namedByEnough } from './named.ts';

const roster = {
  threshold: 10,
  validators: Array.from({ length: 15 }, (_, at) => ({ id: validatorId(at + 1), identity: '', addresses: [] })),
};
const list = (...vaults: readonly string[]) => vaults.map((vault) => ({ vault, watchFromHeight: 100 }));

test('with everyone speaking a vault takes as many as sign, with as few as sign a third of the roster', () => {
  expect([15, 12, 10].map((speakers) => enoughToName(roster, speakers))).toEqual([10, 7, 5]);
  expect(enoughToName({ ...roster, threshold: 2 }, 3)).toBe(1);
});

test('where listening may stop, all who may lie cannot name a vault that is not there, and one speaker fewer could be enough for them', () => {
  for (const { threshold, of } of [
    { threshold: 10, of: 15 },
    { threshold: 10, of: 16 },
    { threshold: 3, of: 4 },
    { threshold: 3, of: 5 },
  ]) {
    const network = { threshold, validators: roster.validators.concat(roster.validators).slice(0, of) };
    const liars = of - threshold;
    const speakers = enoughToOutvote(network);
    expect(speakers).toBeGreaterThanOrEqual(threshold);
    expect(enoughToName(network, speakers)).toBeGreaterThan(liars);
    if (speakers > threshold) expect(enoughToName(network, speakers - 1)).toBeLessThanOrEqual(liars);
  }
});

test('a vault that too few name is not swept, one that some keep silent about is', () => {
  const lists = [list('b', 'a'), list('a', 'invented'), list('a', 'b'), list()];
  expect(namedByEnough(lists, 2).map(({ vault }) => vault)).toEqual(['a', 'b']);
});

test('one validator does not count twice by naming a vault twice', () => {
  expect(namedByEnough([list('a', 'a', 'a'), list()], 2)).toEqual([]);
});

test('one validator cannot send a chain view back to the first block', () => {
  const lying = [{ vault: 'a', watchFromHeight: 0 }];
  expect(namedByEnough([lying, list('a'), list('a')], 2)).toEqual([{ vault: 'a', watchFromHeight: 100 }]);
});
