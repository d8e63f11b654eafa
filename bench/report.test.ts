import { expect, test } from '@jest/globals';
import type { Machine } from './machine.ts';
import { pageWith, type Report, reportLines } from './report.ts';

const machine: Machine = {
  cpu: 'Some CPU',
  cores: 2,
  memoryGib: 24,
  system: 'Linux 6 x64',
  loadBefore: 0.25,
  node: '26.10.0',
  tools: { temporal: '1.8.2' },
  commit: 'abc1234',
  measuredAt: '2026-11-24T15:00Z',
};
const report: Report = {
  machine,
  outcomes: [
    {
      name: 'scanner',
      about: 'Blocks against blocks.',
      loadBefore: 0.3,
      measured: true,
      seconds: 9,
      readings: [{ title: 'full block', unit: 'ms', result: 26, floor: 20, ratio: 1.3, detail: '24 pairs' }],
    },
    { name: 'takeover', about: 'Kills.', loadBefore: 0.4, measured: false, reason: 'no worker came up' },
  ],
};
const page = 'by hand\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nby hand too\n';

test('a report names the machine, every figure, and why something was not measured', () => {
  const text = reportLines(report).join('\n');
  for (const part of ['Some CPU, 2 cores', 'load before: 0.25', 'temporal 1.8.2', 'commit abc1234', '1.30 ×'])
    expect(text).toContain(part);
  expect(text).toContain('takeover: not measured: no worker came up');
});

test('only the measured part of the page is replaced', () => {
  const written = pageWith(page, report);
  expect(written).toMatch(/^by hand\n/);
  expect(written).toMatch(/\nby hand too\n$/);
  expect(written).not.toContain('old');
  expect(written).toContain('### scanner\n\nBlocks against blocks.');
  expect(pageWith(written, report)).toBe(written);
});

test('a page without its marks is left alone', () => {
  expect(() => pageWith('no marks', report)).toThrow('lacks');
  expect(() => pageWith('<!-- measured: end --><!-- measured: begin -->', report)).toThrow('lacks');
});
