import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { verifiesBip340 } from './x-only.ts';

const hash = (text: string) => sha256(utf8ToBytes(text));
const secret = hash('a key');
const key = bytesToHex(schnorr.getPublicKey(secret));
const digest = bytesToHex(hash('a document'));
const signature = bytesToHex(schnorr.sign(hash('a document'), secret));

test('a signature that was valid before says nothing about another document, another key or another signature', () => {
  const others = { key: bytesToHex(schnorr.getPublicKey(hash('another key'))), digest: bytesToHex(hash('another')) };
  const flipped = signature.slice(0, -1) + (signature.endsWith('0') ? '1' : '0');
  for (let round = 0; round < 2; round += 1) {
    expect(verifiesBip340(signature, digest, key)).toBe(true);
    expect(verifiesBip340(signature, others.digest, key)).toBe(false);
    expect(verifiesBip340(signature, digest, others.key)).toBe(false);
    expect(verifiesBip340(flipped, digest, key)).toBe(false);
  }
});

test('what is no key, no digest or no signature verifies nothing', () => {
  expect(verifiesBip340(signature, digest, 'ff'.repeat(32))).toBe(false);
  expect(verifiesBip340(signature, digest, key.toUpperCase())).toBe(false);
  expect(verifiesBip340(signature, `${digest}00`, key)).toBe(false);
  expect(verifiesBip340(signature.slice(2), digest, key)).toBe(false);
  // The same characters, cut elsewhere.
  expect(verifiesBip340(signature + digest.slice(0, 2), digest.slice(2), key)).toBe(false);
});
