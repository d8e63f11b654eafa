import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { toHex } from '../../domain/encoding/hex.ts';
import type { Terms } from '../../domain/vault/terms.ts';
import { requireReleaseKey } from './release-key.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-release-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = '11'.repeat(32);
const OTHER = '22'.repeat(32);
const terms = { releaseKey: toHex(schnorr.getPublicKey(Buffer.from(SECRET, 'hex'))) } as Terms;
function keyFile(secret: string): string {
  const file = join(folder, `${secret.slice(0, 2)}.key`);
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

test('the key that the terms name is taken', () => {
  expect(() => requireReleaseKey(keyFile(SECRET), terms)).not.toThrow();
});

test('another key is refused with both public keys and without the secret', () => {
  const refused = expect.objectContaining({
    code: 'input.release-key',
    message: expect.stringContaining(terms.releaseKey),
  });
  expect(() => requireReleaseKey(keyFile(OTHER), terms)).toThrow(refused);
  expect(messageOf(() => requireReleaseKey(keyFile(OTHER), terms))).not.toContain(OTHER);
});

function messageOf(run: () => void): string {
  try {
    run();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
