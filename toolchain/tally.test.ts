import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { tallyReport } from './jest-run.mjs';
import { skippedTally, withoutTools } from './missing-tools.mjs';
import { projectFolder } from './recipes.mjs';
import { summarise } from './tally.mjs';

const file = (name: string, ...statuses: string[]) => ({
  name: path.join(projectFolder, name),
  status: statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: statuses.map((status, index) => ({ fullName: `case ${index}`, status, failureMessages: ['why'] })),
});

describe('counting', () => {
  test('takes passed, failed and skipped from the report, the skipped by name', () => {
    const tally = tallyReport('unit', {
      testResults: [file('a.test.ts', 'passed', 'failed', 'pending'), file('b.test.ts', 'passed', 'todo')],
    });
    expect(tally).toMatchObject({ passed: 2, failed: 1, skipped: ['a.test.ts: case 2', 'b.test.ts: case 1'] });
    expect(tally.problems).toEqual(['a.test.ts: case 1\nwhy']);
  });

  test('counts a file that could not be run as one failure', () => {
    const broken = { ...file('broken.test.ts'), status: 'failed', message: 'Cannot find module' };
    expect(tallyReport('unit', { testResults: [broken] })).toMatchObject({ passed: 0, failed: 1 });
  });

  test('names the files that a missing tool leaves out, and counts them as failures where nothing may be skipped', () => {
    const left = withoutTools(['btcd']);
    expect(left.map(({ files }) => files)).toEqual([
      'test/(e2e|faults)/',
      String.raw`test/compliance/(chain|other-nodes)\.test`,
      String.raw`test/vectors/vault-spends\.test`,
      String.raw`test/compliance/bitcoin-core\.test`,
    ]);
    expect(withoutTools(['bitcoind']).map(({ files }) => files)).toEqual([
      String.raw`test/compliance/bitcoin-core\.test`,
      String.raw`test/vectors/vault-spends-core\.test`,
    ]);
    const tally = skippedTally(left);
    expect(summarise([tally], { strict: false })).toMatchObject({ failed: 0, skipped: 4 });
    expect(summarise([tally], { strict: true })).toMatchObject({ failed: 4, skipped: 0 });
    expect(withoutTools([])).toEqual([]);
  });

  test('says so when a kind of test has no files', () => {
    expect(tallyReport('faults', { testResults: [] }).remark).toBe('no test files yet');
  });

  test('ends with one plain line, which names skips only where there are any', () => {
    const some = tallyReport('unit', { testResults: [file('a.test.ts', 'passed', 'pending')] });
    const none = tallyReport('unit', { testResults: [file('a.test.ts', 'passed')] });
    expect(summarise([some], { strict: false }).last).toBe('1 passed, 0 failed, 1 skipped');
    expect(summarise([none], { strict: false }).last).toBe('1 passed, 0 failed');
  });

  test('turns a skip into a named failure where nothing may be skipped', () => {
    const some = tallyReport('unit', { testResults: [file('a.test.ts', 'passed', 'pending')] });
    const { failed, last, lines } = summarise([some], { strict: true });
    expect({ failed, last }).toEqual({ failed: 1, last: '1 passed, 1 failed' });
    expect(lines.join('\n')).toContain('unit: a.test.ts: case 1');
  });
});
