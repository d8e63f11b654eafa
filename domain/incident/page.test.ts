import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PAGE_CHARACTERS, pageLines } from './page.ts';

const said = (lines: readonly string[]): string => lines.join('').replaceAll(' ', '');

test('who must act next, at which step and by when is all in sight, also beside a run with a long name', () => {
  const run = `runPlaybook/custody-devnet/${'54bee31c'.repeat(8)}`;
  const next = `  NEXT       committee: vote: Make key 2 without validator 2? (step consent of ${run}), by 2026-11-29 21:05 UTC`;
  const lines = pageLines([next]);
  expect(lines[0]).toBe('  NEXT       committee: vote: Make key 2 without');
  expect(lines.at(-1)).toMatch(/^ {13}.*by 2026-11-29 21:05 UTC$/);
  expect(said(lines)).toBe(said([next]));
});

test('no row is longer than the page, nothing is lost, and a short line stays as it is', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 5 }), (lines) => {
      const rows = pageLines(lines);
      for (const row of rows) expect([...row].length).toBeLessThanOrEqual(PAGE_CHARACTERS);
      expect(rows.join('').replaceAll(/\s/g, '')).toBe(lines.join('').replaceAll(/\s/g, ''));
    }),
  );
  expect(pageLines(['', '  NEXT       nobody'])).toEqual(['', '  NEXT       nobody']);
});
