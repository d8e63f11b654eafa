import { expect, test } from '@jest/globals';
import { heardInWords } from './show.ts';

test('an alert says when its sender was heard last: one that was started anew may have forgotten it', () => {
  const lastHeardAtMs = Date.parse('2026-11-29T00:04:10Z');
  const heard = heardInWords({ fired: 3, resolved: 0, firstHeardAtMs: lastHeardAtMs - 1, lastHeardAtMs });
  expect(heard).toMatch(/^3 times as firing, 0 times as resolved, last at 2026-11-29.00:04:10/);
  expect(heardInWords({ fired: 0, resolved: 0, firstHeardAtMs: 0, lastHeardAtMs: 0 })).toBe('nothing yet');
});
