import { expect, test } from '@jest/globals';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { askWatchdog, watchdogLine, type WatchdogReport } from './watchdog.ts';

const NOW_MS = 1_800_000_000_000;
const says = (change: Partial<Extract<WatchdogReport, { up: true }>> = {}): string =>
  watchdogLine({ up: true, lookedAtMs: NOW_MS - 5_000, lost: [], pages: 0, incidents: 2, ...change }, NOW_MS);

test('a watchdog that looks says what it lost, as text only', () => {
  expect(says()).toBe('  watchdog   UP, nothing is lost; open incidents it guards: 2');
  expect(says({ lost: ['temporal', 'workers:\u001b[2J'] })).toMatch(/HAS PAGED, lost: temporal, workers:\uFFFD\[2J$/);
  expect(says({ lost: Array.from({ length: 9 }, (_unused, at) => `heartbeat:${at}`) })).toMatch(/heartbeat:4, …$/);
});

test('a watchdog that does not look is no watchdog', () => {
  expect(says({ lookedAtMs: null })).toContain('has not looked yet');
  expect(says({ lookedAtMs: NOW_MS - 3_600_000 })).toContain('STUCK: it looked last 60 minutes ago');
});

test('one that does not answer is down, and is told so', async () => {
  const report = await askWatchdog(`http://127.0.0.1:${await loopbackPort()}`);
  expect(report).toMatchObject({ up: false });
  expect(watchdogLine(report, NOW_MS)).toMatch(/^ {2}watchdog {3}DOWN: .*; nobody pages when Temporal dies$/);
});
