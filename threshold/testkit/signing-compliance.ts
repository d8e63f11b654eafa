import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { SignerCommitment, VaultTweak } from '../suite.ts';
import { Fn, scalarBytes } from '../verify/curve.ts';
import { commitAll, type SuitePair, shareOf, signAll } from './ceremony.ts';
import { failureFrom } from './failing.ts';
import { dealKeyset, idsUpTo } from './keyset.ts';

const ids = (...numbers: number[]): ValidatorId[] => numbers.map(validatorId);
const hashOf = (text: string) => sha256(utf8ToBytes(text));
const MESSAGE = hashOf('a message');
const ORDER = Uint8Array.from(Buffer.from('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'hex'));

const tweaks = fc.option(
  fc.record({
    vaultId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    root: fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 32, maxLength: 32 })),
  }),
  { nil: undefined },
);

/** What every pair of suites must do when it signs; an outside suite runs it in one line. */
export function signingCompliance(name: string, pair: SuitePair): void {
  const { verifying, signing } = pair;
  const keyset = dealKeyset(`compliance of ${name}`, 5, 3);
  const { key } = keyset;
  const tweak: VaultTweak = { vaultId: hashOf('a vault'), root: new Uint8Array(0) };
  const ask = (self: number, secret: Uint8Array, signers: readonly SignerCommitment[], message = MESSAGE) =>
    signing.signShare(key, tweak, validatorId(self), shareOf(keyset, validatorId(self)), secret, signers, message);

  describe(`${name} signs`, () => {
    test('any threshold of validators makes a signature that verifies under the derived output key', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 2, max: 6 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 2, max: n }))),
          fc.nat(),
          tweaks,
          fc.uint8Array({ maxLength: 64 }),
          fc.infiniteStream(fc.nat()),
          ([n, t], seed, vault, message, order) => {
            const made = dealKeyset(`${seed}`, n, t);
            const some = idsUpTo(n)
              .map((id) => ({ id, rank: order.next().value }))
              .sort((a, b) => a.rank - b.rank)
              .slice(0, t)
              .map(({ id }) => id);
            const { signers, partials } = signAll(pair, made, some, vault, message);
            for (const [id, partial] of partials) {
              expect(verifying.verifyPartial(made.key, vault, signers, message, id, partial)).toBe(true);
            }
            const signature = verifying.aggregate(made.key, vault, signers, message, partials);
            const { outputKey } = verifying.deriveOutput(made.key, vault);
            expect(verifying.verifySignature(outputKey, message, signature)).toBe(true);
            expect(verifying.verifySignature(outputKey, hashOf('another'), signature)).toBe(false);
          },
        ),
        { numRuns: 25 },
      );
    });

    test('more than the threshold may sign, and the order of the list does not matter', () => {
      const { signers, partials } = signAll(pair, keyset, ids(5, 1, 4, 2), tweak, MESSAGE);
      const first = verifying.aggregate(key, tweak, signers, MESSAGE, partials);
      expect(verifying.aggregate(key, tweak, signers.toReversed(), MESSAGE, partials)).toEqual(first);
    });

    test('fewer than the threshold cannot sign', () => {
      const { signers, secrets } = commitAll(pair, keyset, ids(1, 2));
      expect(failureFrom(() => ask(1, secrets.get(validatorId(1)) ?? new Uint8Array(), signers)).code).toBe(
        'input.signer-set',
      );
      const full = signAll(pair, keyset, ids(1, 2, 3), tweak, MESSAGE);
      const two = new Map([...full.partials].slice(0, 2));
      expect(failureFrom(() => verifying.aggregate(key, tweak, full.signers, MESSAGE, two)).code).toBe(
        'input.signer-set',
      );
      expect(failureFrom(() => verifying.aggregate(key, tweak, full.signers.slice(0, 2), MESSAGE, two)).code).toBe(
        'input.signer-set',
      );
    });

    test.each([
      [
        'the same validator twice',
        (list: SignerCommitment[]) =>
          list.map((entry, i) => (i === 2 ? { ...entry, validator: validatorId(2) } : entry)),
      ],
      [
        'validator 0',
        (list: SignerCommitment[]) =>
          list.map((entry, i) => (i === 2 ? { ...entry, validator: validatorId(0) } : entry)),
      ],
      [
        'a validator beyond n',
        (list: SignerCommitment[]) =>
          list.map((entry, i) => (i === 2 ? { ...entry, validator: validatorId(6) } : entry)),
      ],
      [
        'half a validator',
        (list: SignerCommitment[]) =>
          list.map((entry, i) => (i === 2 ? { ...entry, validator: validatorId(1.5) } : entry)),
      ],
    ])('a list that names %s is refused by signer and verifier, and the nonce is burnt', (_, spoil) => {
      const { signers, secrets } = commitAll(pair, keyset, ids(1, 2, 3));
      const secret = secrets.get(validatorId(1)) ?? new Uint8Array();
      expect(failureFrom(() => ask(1, secret, spoil(signers))).code).toBe('input.signer-set');
      expect(secret.every((byte) => byte === 0)).toBe(true);
      const partials = new Map(spoil(signers).map(({ validator }) => [validator, MESSAGE]));
      expect(failureFrom(() => verifying.aggregate(key, tweak, spoil(signers), MESSAGE, partials)).code).toBe(
        'input.signer-set',
      );
    });

    test.each([
      ['is the identity', new Uint8Array(33)],
      ['is not on the curve', Uint8Array.of(2, ...new Uint8Array(31), 5)],
      ['has a wrong length', new Uint8Array(32).fill(2)],
    ])('a commitment that %s is refused by signer and verifier, and the nonce is burnt', (_, bytes) => {
      const { signers, secrets } = commitAll(pair, keyset, ids(1, 2, 3));
      const spoilt = signers.map((entry, i) =>
        i === 1 ? { ...entry, nonces: { ...entry.nonces, binding: bytes } } : entry,
      );
      const secret = secrets.get(validatorId(1)) ?? new Uint8Array();
      expect(failureFrom(() => ask(1, secret, spoilt)).code).toBe('input.point');
      expect(secret.every((byte) => byte === 0)).toBe(true);
      const partials = new Map(spoilt.map(({ validator }) => [validator, MESSAGE]));
      expect(failureFrom(() => verifying.aggregate(key, tweak, spoilt, MESSAGE, partials)).code).toBe('input.point');
    });

    test('a signer refuses a list without its own commitment or with another one under its name', () => {
      const { signers, secrets } = commitAll(pair, keyset, ids(1, 2, 3, 4));
      const other = commitAll(pair, keyset, ids(2)).signers;
      const secretOf = (id: number) => secrets.get(validatorId(id)) ?? new Uint8Array();
      expect(failureFrom(() => ask(1, secretOf(1), signers.slice(1))).code).toBe('conflict.own-commitment');
      const swapped = signers.map((entry) => other.find(({ validator }) => validator === entry.validator) ?? entry);
      expect(failureFrom(() => ask(2, secretOf(2), swapped)).code).toBe('conflict.own-commitment');
      const crossed = signers.map((entry) =>
        entry.validator === 3
          ? { ...entry, nonces: { hiding: entry.nonces.binding, binding: entry.nonces.hiding } }
          : entry,
      );
      expect(failureFrom(() => ask(3, secretOf(3), crossed)).code).toBe('conflict.own-commitment');
      for (const id of [1, 2, 3]) expect(secretOf(id).every((byte) => byte === 0)).toBe(true);
      expect(ask(4, secretOf(4), signers)).toHaveLength(32);
    });

    test('a nonce signs once: it is erased by use and refused afterwards', () => {
      const { signers, secrets } = commitAll(pair, keyset, ids(1, 2, 3));
      const secret = secrets.get(validatorId(1)) ?? new Uint8Array();
      expect(ask(1, secret, signers)).toHaveLength(32);
      expect(secret).toEqual(new Uint8Array(64));
      expect(failureFrom(() => ask(1, secret, signers)).code).toBe('conflict.nonce-used');
      expect(failureFrom(() => ask(1, new Uint8Array(63), signers)).code).toBe('conflict.nonce-used');
    });

    test('commitments of the same share never repeat', () => {
      const made = Array.from({ length: 50 }, () => signing.commit(shareOf(keyset, validatorId(1)), validatorId(1)));
      const points = made.flatMap(({ nonces }) =>
        [nonces.hiding, nonces.binding].map((bytes) => Buffer.from(bytes).toString('hex')),
      );
      expect(new Set(points).size).toBe(100);
    });

    test('exactly the validators with wrong partials are named', () => {
      const { signers, partials } = signAll(pair, keyset, ids(1, 2, 3, 4), tweak, MESSAGE);
      const flipped = (id: number) =>
        (partials.get(validatorId(id)) ?? new Uint8Array(32)).map((byte, i) => (i === 31 ? byte ^ 1 : byte));
      const one = new Map(partials).set(validatorId(3), flipped(3));
      expect(failureFrom(() => verifying.aggregate(key, tweak, signers, MESSAGE, one))).toEqual({
        code: 'signer-fault.partial',
        culprits: [3],
      });
      const two = new Map(one).set(validatorId(1), ORDER);
      expect(failureFrom(() => verifying.aggregate(key, tweak, signers, MESSAGE, two)).culprits).toEqual([1, 3]);
      expect(verifying.verifyPartial(key, tweak, signers, MESSAGE, validatorId(3), flipped(3))).toBe(false);
      expect(verifying.verifyPartial(key, tweak, signers, MESSAGE, validatorId(1), ORDER)).toBe(false);
      expect(verifying.verifyPartial(key, tweak, signers, MESSAGE, validatorId(1), new Uint8Array(31))).toBe(false);
      expect(verifying.verifyPartial(key, tweak, signers, MESSAGE, validatorId(5), flipped(3))).toBe(false);
    });

    test('partials are looked at one by one: two that cancel each other in the sum are both named', () => {
      const { signers, partials } = signAll(pair, keyset, ids(1, 2, 3, 4), tweak, MESSAGE);
      const wrong = (shares: ReadonlyMap<ValidatorId, Uint8Array>) =>
        verifying.wrongPartials(key, tweak, signers, MESSAGE, shares);
      expect(wrong(partials)).toEqual([]);
      const shifted = (id: number, by: bigint) =>
        scalarBytes(Fn.add(Fn.fromBytes(partials.get(validatorId(id)) ?? new Uint8Array(32)), Fn.create(by)));
      const cancelling = new Map(partials).set(validatorId(4), shifted(4, -7n)).set(validatorId(2), shifted(2, 7n));
      expect(verifying.aggregate(key, tweak, signers, MESSAGE, cancelling)).toHaveLength(64);
      expect(wrong(cancelling)).toEqual([2, 4]);
      expect(wrong(new Map(cancelling).set(validatorId(4), ORDER))).toEqual([2, 4]);
      expect(wrong(new Map(partials).set(validatorId(3), new Uint8Array(31)))).toEqual([3]);
      expect(wrong(new Map(partials).set(validatorId(5), shifted(1, 0n)))).toEqual([5]);
      const without = new Map(partials);
      without.delete(validatorId(1));
      expect(wrong(without)).toEqual([1]);
      const other = hashOf('another message');
      expect(verifying.wrongPartials(key, tweak, signers, other, partials)).toEqual([1, 2, 3, 4]);
    });

    test('partials for another message or another vault do not pass', () => {
      const { signers, partials } = signAll(pair, keyset, ids(1, 2, 3), tweak, MESSAGE);
      const everyone = { code: 'signer-fault.partial', culprits: [1, 2, 3] };
      expect(failureFrom(() => verifying.aggregate(key, tweak, signers, hashOf('other'), partials))).toEqual(everyone);
      for (const wrong of [undefined, { ...tweak, vaultId: hashOf('other') }, { ...tweak, root: hashOf('a tree') }]) {
        expect(failureFrom(() => verifying.aggregate(key, wrong, signers, MESSAGE, partials))).toEqual(everyone);
      }
    });

    test('a partial under commitments that were exchanged afterwards does not pass', () => {
      const { signers, partials } = signAll(pair, keyset, ids(1, 2, 3), tweak, MESSAGE);
      const other = commitAll(pair, keyset, ids(2)).signers;
      const swapped = signers.map((entry) => other.find(({ validator }) => validator === entry.validator) ?? entry);
      expect(failureFrom(() => verifying.aggregate(key, tweak, swapped, MESSAGE, partials)).code).toBe(
        'signer-fault.partial',
      );
    });

    test('vaults differ in their output key by id, by script tree and by keyset', () => {
      const other = dealKeyset('another keyset', 5, 3);
      const keys = [
        verifying.deriveOutput(key, undefined),
        verifying.deriveOutput(key, tweak),
        verifying.deriveOutput(key, { ...tweak, root: hashOf('a tree') }),
        verifying.deriveOutput(key, { ...tweak, vaultId: hashOf('another vault') }),
        verifying.deriveOutput(other.key, tweak),
        verifying.deriveOutput({ ...key, chaincode: other.key.chaincode }, tweak),
      ].map(({ outputKey }) => Buffer.from(outputKey).toString('hex'));
      expect(new Set(keys).size).toBe(keys.length);
    });
  });
}
