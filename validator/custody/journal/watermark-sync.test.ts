import { mkdtempSync, rmSync } from 'node:fs';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

type Sync = (error: Error | null) => void;
/** Syncs that wait for the test to end them, as a slow or failing disk would. */
const syncs: Sync[] = [];
jest.unstable_mockModule('node:fs', () => ({ ...fs, fdatasync: (_fd: number, end: Sync) => void syncs.push(end) }));
const { openWatermark } = await import('./watermark.ts');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-mark-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const slots = (file: string): number[] => {
  const bytes = fs.readFileSync(file);
  return [0, 512].map((at) => Number(bytes.readBigUInt64BE(at))).sort((one, other) => one - other);
};

test('each mark is written at once, and one slot of the two is on its way to the disk at a time', () => {
  const file = join(folder, 'slow.mark');
  const mark = openWatermark(file, true);
  for (const to of [1, 2, 3]) mark.raise(to);
  expect([slots(file), syncs.length]).toEqual([[0, 3], 1]);
  // The first one is on the disk, those after it are not yet.
  syncs.shift()?.(null);
  mark.raise(4);
  expect([slots(file), syncs.length]).toEqual([[0, 4], 1]);
  syncs.shift()?.(null);
  syncs.shift()?.(null);
  mark.raise(5);
  expect(slots(file)).toEqual([4, 5]);
  mark.close();
  syncs.shift()?.(null);
  expect(syncs).toEqual([]);
  const again = openWatermark(file, false);
  again.raise(6);
  expect([again.value, slots(file)]).toEqual([6, [5, 6]]);
  again.close();
  syncs.shift()?.(null);
});

test('a mark that did not reach the disk ends the next write and not all of them', () => {
  const mark = openWatermark(join(folder, 'failing.mark'), true);
  mark.raise(1);
  syncs.shift()?.(new Error('no space left'));
  expect(() => mark.raise(2)).toThrow('no space left');
  mark.raise(3);
  syncs.shift()?.(null);
  expect(mark.value).toBe(3);
  mark.close();
});
