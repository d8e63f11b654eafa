import { expect, test } from '@jest/globals';
import { inFlight, perSecond } from './in-flight.ts';

test('everything is done once, and never more at a time than was said', async () => {
  const seen: number[] = [];
  let now = 0;
  let most = 0;
  const { ms } = await inFlight(50, 4, async (at) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(at);
    now -= 1;
  });
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_unused, at) => at));
  expect(ms).toHaveLength(50);
  expect(most).toBe(4);
});

test('a failure ends it, and begins nothing more', async () => {
  let begun = 0;
  const failing = inFlight(100, 2, async (at) => {
    begun += 1;
    if (at === 3) throw new Error('no more');
  });
  await expect(failing).rejects.toThrow('no more');
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toBeLessThan(10);
});

test('a failure is told when nothing is under way any more', async () => {
  let underWay = 0;
  const failing = inFlight(8, 8, async (at) => {
    underWay += 1;
    for (let turn = 0; turn < at * 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    if (at === 2) throw new Error('the third');
  });
  await expect(failing).rejects.toThrow('the third');
  expect(underWay).toBe(0);
});

test('so many in so long is so many a second', () => {
  expect(perSecond({ ms: [5, 5, 5], wholeMs: 1_500 })).toBe(2);
});
