import { expect, test } from '@jest/globals';
import { answerLine, heardInWords } from './show.ts';

test('an alert says when its sender was heard last: one that was started anew may have forgotten it', () => {
  const lastHeardAtMs = Date.parse('2026-11-29T00:04:10Z');
  const heard = heardInWords({ fired: 3, resolved: 0, firstHeardAtMs: lastHeardAtMs - 1, lastHeardAtMs });
  expect(heard).toMatch(/^3 times as firing, 0 times as resolved, last at 2026-11-29.00:04:10/);
  expect(heardInWords({ fired: 0, resolved: 0, firstHeardAtMs: 0, lastHeardAtMs: 0 })).toBe('nothing yet');
});

test('a playbook that was chosen for a resolution alone is not said to answer it', () => {
  const chosen = { playbook: 'suspected-share-theft', digest: 'ab' };
  expect(answerLine(chosen, { fired: 1 })).toBe('  answered by suspected-share-theft (plan ab)');
  expect(answerLine(chosen, undefined)).toBe('  answered by suspected-share-theft (plan ab)');
  expect(answerLine(chosen, { fired: 0 })).toMatch(/^ {2}nothing opened: resolved before it was heard firing/);
  expect(answerLine(undefined, { fired: 0 })).toBe('  UNANSWERED: no playbook fits');
});
