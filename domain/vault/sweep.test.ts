import { expect, test } from '@jest/globals';
import { bySweepOrder, coinsToSweep, sweepableSats, sweepVsize } from './sweep.ts';

const coins = (...amounts: readonly number[]) => amounts.map((amountSats) => ({ amountSats }));
const amountsOf = (chosen: readonly { readonly amountSats: number }[]) => chosen.map(({ amountSats }) => amountSats);

test('one deposit and one address are 111 virtual bytes, a hundred deposits 5,804', () => {
  expect([sweepVsize(1), sweepVsize(2), sweepVsize(100)]).toEqual([111, 169, 5_804]);
});

test('coins that cost more than they bring are left, the largest go first, and never more than a request may name', () => {
  expect(amountsOf(coinsToSweep(coins(59, 58, 70_000, 400), 1_000))).toEqual([70_000, 400, 59]);
  expect(amountsOf(coinsToSweep(coins(59, 400, 70_000), 20_000))).toEqual([70_000]);
  expect(coinsToSweep(coins(...Array.from({ length: 130 }, (_, at) => 1_000 + at)), 1_000)).toHaveLength(100);
});

test('inputs of a sweep have one order, by txid and then by the number of the output, whatever order they were found in', () => {
  const [a, b, c] = [
    { txid: '0a'.repeat(32), vout: 2 },
    { txid: '0a'.repeat(32), vout: 10 },
    { txid: 'a0'.repeat(32), vout: 0 },
  ] as const;
  for (const found of [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ])
    expect(found.toSorted(bySweepOrder)).toEqual([a, b, c]);
  expect(bySweepOrder(a, { ...a })).toBe(0);
});

test.each([
  [[], 0],
  [[440], 0],
  [[441], 330],
  [[100_000], 99_889],
  [[200, 200, 200], 374],
  [[58, 58, 58, 58], 0],
])('of %j a sweep at the lowest fee leaves %i', (amounts, left) => expect(sweepableSats(amounts)).toBe(left));
