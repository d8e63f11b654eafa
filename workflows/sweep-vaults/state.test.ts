import { expect, test } from '@jest/globals';
import type { SweepVaultResult } from '../sweep-vault/messages.ts';
import { counted, entering, FIRST, goesOn, nextPass, passPauseMs } from './state.ts';

const BLOB = { digest: 'b1'.repeat(32), sizeBytes: 1 } as never;
const swept = { outcome: 'swept', evidence: BLOB } as unknown as SweepVaultResult;
const later: SweepVaultResult = { outcome: 'not-yet', reason: 'no deposit is 6 blocks deep' };
const refused: SweepVaultResult = {
  outcome: 'refused',
  refusal: { code: 'conflict.outpoint-locked', message: 'signed away' },
};
const after = (...results: readonly SweepVaultResult[]) =>
  results.reduce((state, result, at) => counted(state, `vault ${at}`, result), FIRST);

test('what was swept counts over all passes, what is left is counted in each pass afresh', () => {
  const state = after(swept, refused, later, swept);
  expect(state).toMatchObject({ swept: 2, sweptNow: 2, refused: 1, waiting: 1 });
  expect(state.left.map(({ code }) => code)).toEqual(['conflict.outpoint-locked', 'not-yet.sweep']);
  expect(nextPass(state)).toMatchObject({ pass: 2, swept: 2, sweptNow: 0, refused: 0, waiting: 0, left: [] });
});

test('another pass is made for coins that wait, after coins that were swept, and for coins that only validators see', () => {
  expect([after(later), after(swept), after({ outcome: 'empty' }), after(refused)].map(goesOn)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(goesOn({ ...after(later), pass: 30 })).toBe(false);
});

test('passes without progress come less and less often, and all of them end within four hours', () => {
  const pauses = Array.from({ length: 30 }, (_, at) => passPauseMs({ ...after(later), pass: at + 1 }));
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(4 * 3_600_000);
});

test('however many vaults are refused, the state that a run carries on stays small', () => {
  const state = after(...Array.from({ length: 500 }, (_, at) => (at % 2 === 0 ? refused : swept)));
  expect(state).toMatchObject({ refused: 250, swept: 250 });
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(8_000);
});

test('the page of a sweep that ends with coins left names a vault, its reason and who must act', () => {
  expect(entering('incomplete', after(refused))).toMatchObject({
    awaitingRole: 'operator',
    next: expect.stringContaining('conflict.outpoint-locked'),
  });
});
