import { expect, test } from '@jest/globals';
import { nextAfter } from './fund.ts';

test.each([
  [0, 'devnet mine 6'],
  [3, 'payout ab --confirmations 3'],
  [6, 'payout ab'],
  [20, 'payout ab'],
])('after a deposit under %i blocks the next command is one that works', (blocks, next) => {
  expect(nextAfter(blocks, 'payout ab')).toBe(next);
});
