import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { comparePairs, maximum, median, quantile } from './statistics.ts';

describe('the median', () => {
  test('is the middle one of an odd number of samples, whatever their order', () => {
    expect(median([30, 10, 20])).toBe(20);
    expect(median([7])).toBe(7);
  });

  test('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test('sorts by size and not by text', () => {
    expect(median([9, 10, 100])).toBe(10);
  });
});

describe('a quantile', () => {
  const twenty = Array.from({ length: 20 }, (_unused, index) => index + 1);

  test('is a sample that was really seen', () => {
    expect(quantile(twenty, 0.5)).toBe(10);
    expect(quantile(twenty, 0.95)).toBe(19);
    expect(quantile(twenty, 0.05)).toBe(1);
  });

  test('of rank 99 is the maximum below a hundred samples', () => {
    expect(quantile(twenty, 0.99)).toBe(maximum(twenty));
    const hundred = Array.from({ length: 100 }, (_unused, index) => index + 1);
    expect(quantile(hundred, 0.99)).toBe(99);
  });

  test('of any rank is not exceeded by that share of the samples, and by more with the next smaller one', () => {
    const samples = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = quantile(values, percent / 100);
        const within = values.filter((value) => value <= found).length;
        const below = values.filter((value) => value < found).length;
        expect(within * 100).toBeGreaterThanOrEqual(percent * values.length);
        expect(below * 100).toBeLessThan(percent * values.length + 1e-6);
      }),
    );
  });

  test('of a rank that does not exist is refused', () => {
    for (const rank of [0, -0.1, 1.01, Number.NaN]) expect(() => quantile(twenty, rank)).toThrow('does not exist');
  });
});

test('no samples, and samples that are no numbers, give no figure', () => {
  expect(() => median([])).toThrow('no samples');
  expect(() => quantile([], 0.5)).toThrow('no samples');
  expect(() => median([1, Number.NaN])).toThrow('not a number');
  expect(() => maximum([1, Number.POSITIVE_INFINITY])).toThrow('not a number');
});

describe('pairs', () => {
  test('give the median of their own ratios, not the ratio of the medians', () => {
    const pairs = [
      { result: 10, floor: 10 },
      { result: 120, floor: 100 },
      { result: 1_500, floor: 1_000 },
    ];
    expect(comparePairs(pairs)).toMatchObject({ result: 120, floor: 100, ratio: 1.2, ratioQuartiles: [1, 1.5] });
    expect(comparePairs([...pairs.slice(0, 2), { result: 1_500, floor: 500 }]).ratio).toBe(1.2);
  });

  test('that were slowed together keep their ratio', () => {
    const quiet = [1, 2, 3].map((floor) => ({ result: floor * 1.25, floor }));
    const busy = quiet.map(({ result, floor }, index) => ({
      result: result * 10 ** index,
      floor: floor * 10 ** index,
    }));
    expect(comparePairs(busy).ratio).toBeCloseTo(comparePairs(quiet).ratio, 12);
  });

  test('need a floor above nothing', () => {
    expect(() => comparePairs([{ result: 1, floor: 0 }])).toThrow('floor');
    expect(() => comparePairs([])).toThrow('no samples');
  });
});
