import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { script as bitcoinScript } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { failureFrom } from '../testkit/failing.ts';
import { OWNER_SECRET, testTerms } from '../testkit/terms.ts';
import { controlBlock, minimalPush, refundScript, treeRoot } from './refund-leaf.ts';

const OWNER = schnorr.getPublicKey(OWNER_SECRET);

test.each([
  [1, '51'],
  [16, '60'],
  [17, '0111'],
  [127, '017f'],
  [128, '028000'],
  [255, '02ff00'],
  [256, '020001'],
  [32_767, '02ff7f'],
  [32_768, '03008000'],
  [8_388_607, '03ffff7f'],
  [8_388_608, '0400008000'],
  [499_999_999, '04ff64cd1d'],
])('%i is pushed in the smallest form', (value, hex) => {
  expect(bytesToHex(minimalPush(value))).toBe(hex);
});

test('the script is what a Bitcoin library compiles for the same meaning', () => {
  fc.assert(
    fc.property(fc.integer({ min: 17, max: 499_999_999 }), (height) => {
      const compiled = bitcoinScript.compile([
        bitcoinScript.number.encode(height),
        0xb1, // OP_CHECKLOCKTIMEVERIFY
        0x75, // OP_DROP
        OWNER,
        0xac, // OP_CHECKSIG
      ]);
      expect(bytesToHex(refundScript(height, OWNER))).toBe(bytesToHex(compiled));
    }),
  );
});

test.each([[0], [-1], [1.5], [500_000_000], [Number.NaN]])('%s is not a lock height', (height) => {
  expect(failureFrom(() => refundScript(height, OWNER)).code).toBe('input.refund-height');
});

test('an owner key that nobody can sign for is refused', () => {
  expect(failureFrom(() => refundScript(100, new Uint8Array(32))).code).toBe('input.point');
  expect(failureFrom(() => refundScript(100, OWNER.slice(1))).code).toBe('input.point');
});

test('without a refund the tree is empty, with one the root follows height and owner', () => {
  expect(treeRoot(testTerms('a'))).toEqual(new Uint8Array(0));
  const roots = [
    treeRoot(testTerms('a', { refund: { lockHeight: 600 } })),
    treeRoot(testTerms('a', { refund: { lockHeight: 601 } })),
    treeRoot(
      testTerms('a', {
        refund: { lockHeight: 600 },
        ownerKey: bytesToHex(schnorr.getPublicKey(new Uint8Array(32).fill(7))),
      }),
    ),
  ].map(bytesToHex);
  expect(new Set(roots).size).toBe(3);
  expect(roots.every((root) => root.length === 64)).toBe(true);
});

test('the control block carries the parity of the output key', () => {
  const output = { outputKey: OWNER, outputKeyOdd: false, internalKey: OWNER };
  expect(controlBlock(output)[0]).toBe(0xc0);
  expect(controlBlock({ ...output, outputKeyOdd: true })[0]).toBe(0xc1);
  expect(controlBlock(output).slice(1)).toEqual(OWNER);
});
