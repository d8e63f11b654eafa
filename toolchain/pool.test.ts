import { expect, test } from '@jest/globals';
import { pool } from './pool.mjs';

test('no more than so many are at work at once, and results keep the order of the items', async () => {
  let working = 0;
  let most = 0;
  const doubled = await pool([3, 1, 2, 5], 2, async (item) => {
    working += 1;
    most = Math.max(most, working);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    working -= 1;
    return item * 2;
  });
  expect(doubled).toEqual([6, 2, 4, 10]);
  expect(most).toBe(2);
});

test('after a failure nothing more is begun', async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await Promise.resolve();
    if (item === 2) throw new Error('no');
  };
  await expect(pool([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('no');
  await new Promise(setImmediate);
  expect(begun.length).toBeLessThan(6);
  expect(begun).not.toContain(6);
});
