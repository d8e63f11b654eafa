import { expect, test } from '@jest/globals';
import { refusalLines } from './show.ts';

test('a process that was refused says by which rule and what to do about it', () => {
  const refusal = { code: 'policy.frozen', message: 'order 1 freezes payouts until 2026-11-24T21:59:21.000Z' };
  const text = refusalLines({ outcome: 'refused', refusal, sessions: 1 }).join('\n');
  expect(text).toContain('policy.frozen: order 1 freezes payouts');
  expect(text).toMatch(/remedy +\S/);
});

test('a process that did its work says nothing of refusals', () => {
  expect(refusalLines({ outcome: 'settled', txid: 'ab' })).toEqual([]);
});
