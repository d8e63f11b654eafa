import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PublicKeyPackage, SuiteId } from '../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../domain/network/network.ts';
import { dealKeyset, idsUpTo } from '../testkit/keyset.ts';
import { checkPackage } from './key-package.ts';
import { chaincodeOf } from '../../domain/ceremony/digests.ts';

const { key } = dealKeyset('sound', 6, 4);
const reasonOf = (of: PublicKeyPackage) => {
  const verdict = checkPackage(of);
  return verdict.ok ? 'sound' : verdict.refusal.message;
};

test('every dealt package is sound, and with one wrong share it is not', () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 2, max: 9 })
        .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 2, max: n }), fc.nat({ max: n - 1 }))),
      fc.nat(),
      ([n, t, wrong], seed) => {
        const made = dealKeyset(`sound ${seed}`, n, t).key;
        expect(reasonOf(made)).toBe('sound');
        const stranger = dealKeyset(`other ${seed}`, 2, 2).key.groupKey;
        const spoilt = made.verifyingShares.map((share, i) => (i === wrong ? stranger : share));
        expect(reasonOf({ ...made, verifyingShares: spoilt })).toContain('polynomial');
        expect(reasonOf({ ...made, groupKey: stranger })).toContain('polynomial');
      },
    ),
    { numRuns: 30 },
  );
});

test('gaps in the ids change nothing: sound as dealt, and with another id, share or key it is not', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 3, maxLength: 9 }),
      fc.nat(),
      fc.nat(),
      (unsorted, seed, at) => {
        const ids = unsorted.toSorted((a, b) => a - b);
        const threshold = 2 + (seed % (ids.length - 1));
        const made = dealKeyset(`gaps ${seed}`, ids, threshold).key;
        expect(reasonOf(made)).toBe('sound');
        const stranger = dealKeyset(`other ${seed}`, 2, 2).key.groupKey;
        const wrong = at % ids.length;
        const spoilt = made.verifyingShares.map((share, i) => (i === wrong ? stranger : share));
        if (threshold < ids.length) expect(reasonOf({ ...made, verifyingShares: spoilt })).toContain('polynomial');
        if (threshold > 2) expect(reasonOf({ ...made, threshold: threshold - 1 })).toContain('polynomial');
        const moved = made.participants.map((id, i) => (i === ids.length - 1 ? validatorId(id + 1) : id));
        if (threshold < ids.length) expect(reasonOf({ ...made, participants: moved })).toContain('polynomial');
      },
    ),
    { numRuns: 30 },
  );
});

test('a threshold that is not the degree of the shares is refused, higher or lower', () => {
  for (const threshold of [2, 3, 5, 6]) expect(reasonOf({ ...key, threshold })).toContain('polynomial of degree 3');
});

test.each<[string, Partial<PublicKeyPackage>, string]>([
  ['an unknown suite', { suite: 'FROST-nothing' as SuiteId }, 'suite'],
  ['one participant', { participants: idsUpTo(1) }, '1 participants'],
  ['far too many participants', { participants: idsUpTo(300) }, '300 participants'],
  ['a participant twice', { participants: [1, 2, 3, 4, 4, 5].map(validatorId) }, 'once each'],
  ['participants out of order', { participants: [1, 2, 3, 4, 6, 5].map(validatorId) }, 'once each'],
  ['a participant zero', { participants: [0, 1, 2, 3, 4, 5].map(validatorId) }, 'once each'],
  ['a participant beyond every roster', { participants: [1, 2, 3, 4, 5, 257].map(validatorId) }, 'once each'],
  ['other participants than made it', { participants: [1, 2, 3, 4, 5, 7].map(validatorId) }, 'polynomial'],
  ['a threshold of one', { threshold: 1 }, 'threshold'],
  ['a threshold above n', { threshold: 7 }, 'threshold'],
  ['a negative epoch', { epoch: -1 }, 'epoch'],
  ['another chaincode', { chaincode: '00'.repeat(32) }, 'chaincode'],
  ['another transcript', { transcript: dealKeyset('x', 2, 2).key.transcript }, 'chaincode'],
  ['a share too few', { verifyingShares: key.verifyingShares.slice(1) }, '5 verifying shares'],
  ['upper-case hexadecimal', { groupKey: key.groupKey.toUpperCase() }, 'lower-case'],
  [
    'the same share twice',
    { verifyingShares: key.verifyingShares.map((s, i) => (i === 1 ? (key.verifyingShares[0] ?? s) : s)) },
    'twice',
  ],
  ['a point off the curve', { groupKey: `02${'00'.repeat(31)}05` }, 'group key'],
])('a package with %s is refused', (_, change, reason) => {
  expect(reasonOf({ ...key, ...change })).toContain(reason);
});

test('the chaincode follows from the transcript', () => {
  expect(key.chaincode).toBe(chaincodeOf(key.transcript));
});
