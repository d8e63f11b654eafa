import { expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { ceremonyId } from '../../domain/ceremony/ceremony.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { failureFrom } from '../testkit/failing.ts';
import { openShareExchange } from './share-encryption.ts';

const ceremony = ceremonyId('keygen', sha256Hex(Uint8Array.of(1)));
const another = ceremonyId('keygen', sha256Hex(Uint8Array.of(2)));
const ALICE = validatorId(1);
const BOB = validatorId(2);
const share = sha256(Uint8Array.of(3));

function two() {
  const alice = openShareExchange(ceremony, ALICE);
  const bob = openShareExchange(ceremony, BOB);
  return { alice, bob, encrypted: alice.encryptFor(BOB, bob.publicKey, share) };
}
const fromAlice = (code: string) => ({ code, culprits: [1] });

test('a share opens for its recipient', () => {
  const { alice, bob, encrypted } = two();
  expect(encrypted.nonce).toHaveLength(12);
  expect(encrypted.ciphertext).toHaveLength(48);
  expect(bob.decryptFrom(ALICE, alice.publicKey, encrypted)).toEqual(share);
});

test('any changed bit, cut or added byte is refused and names the sender', () => {
  const { alice, bob, encrypted } = two();
  const open = (nonce: Uint8Array, ciphertext: Uint8Array) => () =>
    bob.decryptFrom(ALICE, alice.publicKey, { nonce, ciphertext });
  fc.assert(
    fc.property(fc.nat({ max: 60 * 8 - 1 }), (bit) => {
      const all = Uint8Array.from([...encrypted.nonce, ...encrypted.ciphertext]);
      all[bit >> 3] = (all[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(failureFrom(open(all.slice(0, 12), all.slice(12)))).toEqual(fromAlice('signer-fault.share-encryption'));
    }),
  );
  for (const [nonce, text] of [
    [11, 48],
    [13, 48],
    [12, 47],
    [12, 49],
    [0, 0],
  ] as const) {
    expect(failureFrom(open(new Uint8Array(nonce), new Uint8Array(text)))).toEqual(
      fromAlice('signer-fault.share-encryption'),
    );
  }
});

test('it does not open in another ceremony, under another sender, for another recipient or in the other direction', () => {
  const { alice, bob, encrypted } = two();
  const carol = openShareExchange(ceremony, validatorId(3));
  const refused = (attempt: () => unknown) => expect(failureFrom(attempt).code).toBe('signer-fault.share-encryption');
  refused(() => bob.decryptFrom(validatorId(3), alice.publicKey, encrypted));
  refused(() => bob.decryptFrom(ALICE, carol.publicKey, encrypted));
  refused(() => carol.decryptFrom(ALICE, alice.publicKey, encrypted));
  refused(() => alice.decryptFrom(BOB, bob.publicKey, encrypted));
  const elsewhere = openShareExchange(another, BOB);
  refused(() => elsewhere.decryptFrom(ALICE, alice.publicKey, alice.encryptFor(BOB, elsewhere.publicKey, share)));
});

test('the same share never encrypts to the same bytes', () => {
  const { alice, bob } = two();
  const made = Array.from({ length: 20 }, () =>
    Buffer.from(alice.encryptFor(BOB, bob.publicKey, share).ciphertext).toString('hex'),
  );
  expect(new Set(made).size).toBe(20);
});

test('a key that is no point names its sender', () => {
  const { bob, encrypted } = two();
  const half = bob.publicKey.subarray(0, 33);
  const notOnTheCurve = Uint8Array.of(2, ...new Uint8Array(31), 5);
  for (const bad of [new Uint8Array(33), notOnTheCurve, half.subarray(1)]) {
    const sendingIsBad = Uint8Array.from([...bad, ...half]);
    const receivingIsBad = Uint8Array.from([...half, ...bad]);
    expect(failureFrom(() => bob.decryptFrom(ALICE, sendingIsBad, encrypted))).toEqual(
      fromAlice('signer-fault.encryption-key'),
    );
    expect(failureFrom(() => bob.encryptFor(ALICE, receivingIsBad, share))).toEqual(
      fromAlice('signer-fault.encryption-key'),
    );
    expect(failureFrom(() => bob.showOpening(ALICE, sendingIsBad, share))).toEqual(
      fromAlice('signer-fault.encryption-key'),
    );
  }
});

test('after its end an exchange opens and makes nothing', () => {
  const { alice, bob, encrypted } = two();
  bob.erase();
  expect(failureFrom(() => bob.decryptFrom(ALICE, alice.publicKey, encrypted)).code).toBe('bug.keygen-order');
  expect(failureFrom(() => bob.encryptFor(ALICE, alice.publicKey, share)).code).toBe('bug.keygen-order');
  expect(failureFrom(() => bob.showOpening(ALICE, alice.publicKey, share)).code).toBe('bug.keygen-order');
  expect(failureFrom(() => alice.encryptFor(BOB, bob.publicKey, share.slice(1))).code).toBe('input.share');
});
