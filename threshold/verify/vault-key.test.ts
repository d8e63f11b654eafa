import { expect, test } from '@jest/globals';
import { __TEST, schnorr, schnorr_FROST } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { validatorId } from '../../domain/network/network.ts';
import { failureFrom } from '../testkit/failing.ts';
import { dealKeyset } from '../testkit/keyset.ts';
import { Fn, hasOddY, liftX, Point, parsePoint, parseScalar, scalarBytes } from './curve.ts';
import { tweakScalar, vaultKey, vaultScalar, verifyingShareOf } from './vault-key.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ORDER = Fn.ORDER;
/** Half of them even, half odd, about; what varies more is the vault. */
const KEYS = 16;
const rootOf = (keyPathOnly: boolean, root: Uint8Array) => (keyPathOnly ? new Uint8Array(0) : root);

test('the output is what the curve library derives after the plain tweak, and each share fits it', () => {
  const classes = new Set<string>();
  const keysets = Array.from({ length: KEYS }, (_, which) => dealKeyset(`derivation ${which}`, 3, 2));
  fc.assert(
    fc.property(fc.nat({ max: KEYS - 1 }), bytes32, fc.boolean(), bytes32, (which, vaultId, keyPathOnly, tree) => {
      const { key, shares } = keysets[which] ?? dealKeyset(`derivation ${which}`, 3, 2);
      const root = rootOf(keyPathOnly, tree);
      const plain = vaultScalar(hexToBytes(key.groupKey), hexToBytes(key.chaincode), vaultId);
      const addPlain = (point: Uint8Array) => parsePoint(point, 'a point').add(Point.BASE.multiply(plain)).toBytes();
      const internal = addPlain(hexToBytes(key.groupKey));
      const theirs = __TEST.frostTweakPublic(
        {
          signers: { min: 2, max: 3 },
          commitments: [internal],
          verifyingShares: Object.fromEntries(
            key.verifyingShares.map((share, i) => [
              schnorr_FROST.Identifier.fromNumber(i + 1),
              addPlain(hexToBytes(share)),
            ]),
          ),
        },
        root,
      );
      const [theirOutput] = theirs.commitments;
      if (theirOutput === undefined) throw new Error('the library derives a key');
      const vault = vaultKey(key, { vaultId, root });
      expect(bytesToHex(vault.outputKey)).toBe(bytesToHex(theirOutput.slice(1)));
      expect(vault.outputKeyOdd).toBe(theirOutput[0] === 3);
      expect(vault.internalKey).toEqual(internal.slice(1));
      shares.forEach((share, i) => {
        const effective = Fn.add(Fn.mul(vault.sign, parseScalar(share, 'a share')), vault.addend);
        expect(Point.BASE.multiply(effective).equals(vault.verifyingShare(validatorId(i + 1)))).toBe(true);
      });
      classes.add(`${key.groupKey.slice(0, 2)} ${internal[0]} ${theirOutput[0]}`);
    }),
    { numRuns: 120 },
  );
  // Missing one of the eight by chance has a probability below 1e-5.
  expect(classes.size).toBe(8);
});

test('adding the Taproot tweak to an odd internal key without lifting it gives another key', () => {
  const { key } = dealKeyset('unlifted', 3, 2);
  let odd = 0;
  for (let n = 0; n < 8; n += 1) {
    const tweak = { vaultId: new Uint8Array(32).fill(n), root: new Uint8Array(0) };
    const plain = vaultScalar(hexToBytes(key.groupKey), hexToBytes(key.chaincode), tweak.vaultId);
    const internal = parsePoint(key.groupKey, 'Q').add(Point.BASE.multiply(plain));
    const tap = tweakScalar(schnorr.utils.taggedHash('TapTweak', schnorr.utils.pointToBytes(internal)), 't');
    const unlifted = schnorr.utils.pointToBytes(internal.add(Point.BASE.multiply(tap)));
    expect(bytesToHex(vaultKey(key, tweak).outputKey) === bytesToHex(unlifted)).toBe(!hasOddY(internal));
    if (hasOddY(internal)) odd += 1;
  }
  expect(odd).toBeGreaterThan(0);
});

test('a tweak hash of zero or not below the group order is refused by name, its neighbours are not', () => {
  for (const value of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) {
    expect(failureFrom(() => tweakScalar(scalarBytes(value), 'a tweak')).code).toBe('input.vault-tweak');
  }
  expect(tweakScalar(scalarBytes(1n), 'a tweak')).toBe(1n);
  expect(tweakScalar(scalarBytes(ORDER - 1n), 'a tweak')).toBe(ORDER - 1n);
});

test('vault ids and roots of another length are refused', () => {
  const { key } = dealKeyset('lengths', 3, 2);
  for (const [vaultId, root] of [
    [31, 0],
    [33, 0],
    [0, 0],
    [32, 31],
    [32, 33],
    [32, 64],
  ] as const) {
    const tweak = { vaultId: new Uint8Array(vaultId), root: new Uint8Array(root) };
    expect(failureFrom(() => vaultKey(key, tweak)).code).toBe('input.vault-tweak');
  }
});

test('a key package with a bad point, chaincode or participant is refused', () => {
  const { key } = dealKeyset('malformed', 3, 2);
  expect(failureFrom(() => vaultKey({ ...key, groupKey: '00'.repeat(33) }, undefined)).code).toBe('input.point');
  expect(failureFrom(() => vaultKey({ ...key, groupKey: 'zz' }, undefined)).code).toBe('input.point');
  expect(failureFrom(() => vaultKey({ ...key, chaincode: 'ab' }, undefined)).code).toBe('input.hex');
  expect(failureFrom(() => verifyingShareOf(key, validatorId(4))).code).toBe('input.signer-set');
  expect(failureFrom(() => liftX(new Uint8Array(32), 'a key')).code).toBe('input.point');
});

test('a derived key is remembered, each under its own vault and package', () => {
  const { key } = dealKeyset('remembered', 2, 2);
  const tweakOf = (n: number) => ({ vaultId: scalarBytes(BigInt(n)), root: new Uint8Array(0) });
  const first = vaultKey(key, tweakOf(0));
  expect(vaultKey(key, tweakOf(1)).outputKey).not.toEqual(first.outputKey);
  expect(vaultKey(key, tweakOf(0))).toBe(first);
  const again = vaultKey({ ...key }, tweakOf(0));
  expect(again).not.toBe(first);
  expect(again.outputKey).toEqual(first.outputKey);
});
