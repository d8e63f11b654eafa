import { expect, test } from '@jest/globals';
import { feeFor } from './fee.ts';

test('the fee is the estimate between the floor and what the terms allow', () => {
  const estimate = (satsPerKvb: number) => ({ kind: 'estimate', satsPerKvb, source: 'node' }) as const;
  expect(feeFor(estimate(2_000), 111, 10_000)).toBe(222);
  expect(feeFor(estimate(10), 111, 10_000)).toBe(111);
  expect(feeFor(estimate(900_000), 111, 10_000)).toBe(10_000);
  expect(feeFor({ kind: 'no-estimate', floorSatsPerKvb: 1_001, reason: 'new node' }, 111, 10_000)).toBe(112);
  expect(() => feeFor(estimate(10), 111, 110)).toThrow(/smallest fee/);
});
