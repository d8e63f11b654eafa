import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { voterId } from '../../domain/committee/member-key.ts';
import { readMemberKey } from '../member-key.ts';
import { memberKey } from './key.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-member-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a new member key is for its owner alone, and what is printed is what it signs as', async () => {
  const { data, lines } = await memberKey({ out: at('ann.key') });
  const { key, voter } = await readMemberKey(at('ann.key'));
  expect(statSync(at('ann.key')).mode & 0o777).toBe(0o600);
  expect(data).toEqual({ file: at('ann.key'), key, voter });
  expect(lines.join('\n')).toContain(`{"name":"<name>","key":"${key}"}`);
  expect(lines.join('\n')).not.toContain('PRIVATE');
  expect((await memberKey({ show: at('ann.key') })).data).toEqual(data);
});

test('a key that exists is not replaced', async () => {
  await memberKey({ out: at('ann.key') });
  const before = readFileSync(at('ann.key'));
  await expect(memberKey({ out: at('ann.key') })).rejects.toThrow(
    expect.objectContaining({ code: 'input.file-exists' }),
  );
  expect(readFileSync(at('ann.key'))).toEqual(before);
});

test('the entry of a key of another algorithm names it, and its voter id', async () => {
  writeFileSync(at('bo.key'), '11'.repeat(32), { mode: 0o600 });
  const { key } = await readMemberKey(at('bo.key'));
  expect((await memberKey({ show: at('bo.key') })).data).toMatchObject({
    algorithm: 'secp256k1',
    voter: voterId({ key, algorithm: 'secp256k1' }),
  });
});

test.each([{}, { out: 'a', show: 'b' }])('neither or both are asked back: %j', async (options) => {
  await expect(memberKey(options)).rejects.toThrow(expect.objectContaining({ code: 'input.usage' }));
});
