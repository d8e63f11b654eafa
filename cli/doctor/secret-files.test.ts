import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findSecretFiles } from './secret-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(file: string, mode: number): string {
  const path = join(folder, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

test('a secret that others can read is found however deep it lies, and one that they cannot is not', () => {
  const open = put('coordinator/secrets/mail.secret', 0o640);
  put('coordinator/identity.key', 0o600);
  put('validator-001/keystore.identity', 0o400);
  put('bitcoin-1/btcd.log', 0o644);
  expect(findSecretFiles(folder)).toEqual({ open: [open], isCut: false });
});

test('an age identity that others can read is found like a passphrase', () => {
  const open = put('validator-001/keystore.identity', 0o440);
  expect(findSecretFiles(folder).open).toEqual([open]);
});

test('links are not followed: packages of a plug-in may lead back to the folder itself', () => {
  const open = put('coordinator/member.key', 0o644);
  mkdirSync(join(folder, 'coordinator', 'node_modules'));
  symlinkSync(folder, join(folder, 'coordinator', 'node_modules', 'firebreak'));
  symlinkSync(open, join(folder, 'again.key'));
  // Five names, each seen once.
  expect(findSecretFiles(folder, 5)).toEqual({ open: [open], isCut: false });
});

test('a folder with more names than are looked at is said to be cut', () => {
  for (const name of ['a', 'b', 'c']) put(name, 0o600);
  expect(findSecretFiles(folder, 3).isCut).toBe(false);
  expect(findSecretFiles(folder, 2).isCut).toBe(true);
});
