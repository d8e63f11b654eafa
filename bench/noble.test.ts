import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { bareKeygen, bareSigning } from './noble.ts';

const MESSAGE = new Uint8Array(32).fill(7);

test('the bare key generation gives every participant the same key, and any two of three sign with it', () => {
  const keys = bareKeygen(3, 2);
  const [first, second, third] = keys;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three participants');
  for (const key of keys) expect(key.public.commitments[0]).toEqual(first.public.commitments[0]);
  const groupKey = first.public.commitments[0]?.subarray(1) ?? new Uint8Array();
  for (const signers of [
    [first.secret, second.secret],
    [third.secret, first.secret],
  ]) {
    const signature = bareSigning(first.public, signers, MESSAGE);
    expect(schnorr.verify(signature, MESSAGE, groupKey)).toBe(true);
    expect(schnorr.verify(signature, new Uint8Array(32), groupKey)).toBe(false);
  }
});

test('one signer of two is no signature', () => {
  const [first] = bareKeygen(3, 2);
  if (first === undefined) throw new Error('three participants');
  expect(() => bareSigning(first.public, [first.secret], MESSAGE)).toThrow();
});
