import { expect, test } from '@jest/globals';
import { spanReading, timed, timedAsync } from './timed.ts';

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('waiting takes time and no processor, computing takes both', async () => {
  const waited = await timedAsync(() => new Promise<string>((resolve) => setTimeout(resolve, 50, 'done')));
  expect(waited.value).toBe('done');
  expect(waited.ms).toBeGreaterThan(waited.cpuMs);
  const computed = timed(() => spin(20));
  expect(computed.ms).toBeGreaterThanOrEqual(20);
  expect(computed.cpuMs).toBeGreaterThan(0);
});

test('a reading is by the clock and names the ratio by processor time beside it', () => {
  const pairs = [1, 2, 3].map((slowed) => ({
    result: { ms: 30 * slowed, cpuMs: 12 },
    floor: { ms: 20 * slowed, cpuMs: 10 },
  }));
  const reading = spanReading('pass', pairs, 'floor: nothing watched');
  expect(reading).toMatchObject({ title: 'pass', unit: 'ms', result: 60, floor: 40, ratio: 1.5 });
  expect(reading.detail).toContain('3 pairs, ratio from 1.50 to 1.50');
  expect(reading.detail).toContain('by processor time of all pairs together 1.20; floor: nothing watched');
});
