import { expect, test } from '@jest/globals';
import { existing } from './generate.ts';

test('a key that is there already is not announced like a new one', () => {
  const key = { keyset: 'ab'.repeat(32), epoch: 1, certificate: { digest: 'cd'.repeat(32), sizeBytes: 1 } };
  const result = { outcome: 'active', key, groupKey: 'ef', ceremony: 'keygen-12', attempts: 1 } as unknown;
  const { lines, data } = existing(1, result as Parameters<typeof existing>[1]);
  expect(lines[0]).toBe('key of epoch 1 is there already; no new key was made');
  expect(lines.join('\n')).toContain('leave out --epoch');
  expect(data).toMatchObject({ epoch: 1, existing: true, ceremony: 'keygen-12' });
});
