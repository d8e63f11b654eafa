import { expect, test } from '@jest/globals';
import type { VaultId } from '../../domain/vault/terms.ts';
import { KINDS, PHASES } from './fault.ts';
import type { Ledger } from './ledger.ts';
import { timelineLines, timelineSvg } from './picture.ts';
import { report } from './report.ts';
import type { Result } from './run.ts';
import { scheduleOf } from './schedule.ts';
import { emptyCells, summaryOf, table } from './summary.ts';

const schedule = scheduleOf(3);
const paid = (startedAtMs: number, endedAtMs: number) => ({
  workflowId: `payOut/${startedAtMs}`,
  startedAtMs,
  endedAtMs,
  sessions: 1,
  refusals: [],
});
/** Every fault as planned, each while one vault was planned and another settled; the second could not be done. */
const ledger: Ledger = {
  deposits: [
    { vault: 'ab' as VaultId, outpoint: { txid: 'cd', vout: 0 }, fromHeight: 1, terms: {} as never, state: 'paid' },
  ],
  payouts: [paid(1_000, 3_000), paid(10_000, 14_000), paid(100_000, 190_000)],
  strikes: schedule.faults.map((fault, index) => ({
    fault,
    beganAtMs: 5_000 + fault.atMs,
    endedAtMs: 5_000 + fault.atMs + fault.lastsMs,
    phases: ['planning', 'settling'],
    ...(index === 1 ? { missed: 'no small disk' } : {}),
  })),
  stormAtMs: 5_000,
  calmAtMs: 180_000,
  doneAtMs: 200_000,
};
const result = (violations: readonly string[]): Result => ({
  schedule,
  ledger,
  beganAtMs: 0,
  findings: [{ name: 'every payout is done', looked: '3 payouts', violations }],
});

test('a seed that was run with another number of faults or payouts is repeated with them: it is another schedule', () => {
  const asked = { faults: '9', payouts: '3' };
  const summary = summaryOf(result(['one is not done']), asked);
  expect(report([summary])).toContain('npm run firebreak -- devnet torture --seed 3 --faults 9 --payouts 3`');
  expect(report([summaryOf(result(['one is not done']))])).toContain('devnet torture --seed 3`');
});

test('a seed is summed up by what was done, where it began, and what it cost', () => {
  const summary = summaryOf(result([]));
  expect(summary).toMatchObject({ seed: 3, faults: schedule.faults.length - 1, payouts: 3, violations: [] });
  expect(summary.missed).toEqual([`${schedule.faults[1]?.kind}: no small disk`]);
  expect(summary.lost).toMatchObject({
    stormSeconds: 195,
    calmSeconds: 10,
    payouts: 2,
    calmMedianSeconds: 2,
    slowestSeconds: 90,
  });
  expect(Object.values(summary.cells).reduce((sum, each) => sum + each, 0)).toBe(2 * summary.faults);
});

test('the table has a row for every kind and says which cells are empty', () => {
  const summary = summaryOf(result([]));
  expect(table([summary])).toHaveLength(KINDS.length + 2);
  expect(emptyCells([summary])).toBe(KINDS.length * (PHASES.length - 2));
  expect(emptyCells([])).toBe(KINDS.length * PHASES.length);
});

test('a report says how many seeds were run, and how a bad one is repeated', () => {
  expect(report([summaryOf(result([]))])).toContain('Seeds with a violation: **0**');
  const bad = report([summaryOf(result(['a payout was late']))]);
  expect(bad).toContain('Seeds with a violation: **1**');
  expect(bad).toContain('npm run firebreak -- devnet torture --seed 3');
  expect(bad).toContain('a payout was late');
});

test('the picture shows every kind of fault that was done, and the payouts', () => {
  const lines = timelineLines(ledger);
  expect(lines.filter((line) => line.includes('█'))).toHaveLength(KINDS.length);
  expect(lines.at(-2)).toMatch(/payouts settled .*1/);
  expect(new Set(lines.slice(0, -1).map((line) => line.length)).size).toBe(1);
  const svg = timelineSvg(ledger, 'seed 3');
  expect(svg.match(/<rect/g)?.length).toBe(1 + (schedule.faults.length - 1) + 2);
});
