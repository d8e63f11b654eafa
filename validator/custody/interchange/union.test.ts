import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CeremonyId, KeysetId } from '../../../domain/ceremony/ceremony.ts';
import { KEY_BRAKES, type Remembered } from '../journal/remembered.ts';
import { hexOf, NOTHING, outpointOf } from '../testkit/copies.ts';
import { unionOf } from './union.ts';

const atMs = fc.integer({ min: 1, max: 4 });
/** Few names, so that copies often remember the same thing, and sometimes another one of the same name. */
const remembered: fc.Arbitrary<Remembered> = fc.record({
  nonces: few(
    fc.record({ commitment: name(4), ceremony: fc.constant('signing-a'), requestDigest: name(6), atMs }),
    (n) => n.commitment,
  ),
  locks: few(
    fc.record({ coin: fc.nat(2), transaction: fc.nat(2), atMs, request: fc.nat(5) }),
    ({ coin, transaction }) => `${coin} ${transaction}`,
  ).map((locks) =>
    locks.map(({ coin, transaction, atMs: at, request }) => ({
      outpoint: outpointOf(coin),
      txid: hexOf(`transaction ${transaction}`),
      feeSats: 500 + transaction,
      requestDigest: hexOf(String(request)),
      atMs: at,
    })),
  ),
  transactions: few(fc.record({ txid: name(3), outpoints: fc.constant([outpointOf(1)]), atMs }), (t) => t.txid),
  outflow: few(
    fc.record({ outpoint: fc.nat(3).map(outpointOf), sats: fc.integer({ min: 1, max: 2 }), atMs }),
    (o) => o.outpoint,
  ),
  keygens: few(
    fc.record({ ceremony: name(3).map((text) => text as string as CeremonyId), epoch: fc.nat(2), atMs }),
    (k) => k.ceremony,
  ),
  heads: few(
    fc.record({ incident: fc.constantFrom('i', 'j'), count: fc.integer({ min: 1, max: 12 }), root: name(2), atMs }),
    ({ incident, count }) => `${incident} ${count}`,
  ),
  keysets: few(
    fc.record({
      keyset: name(2).map((text) => text as string as KeysetId),
      epoch: fc.constant(1),
      brake: fc.constantFrom(...KEY_BRAKES),
      certificate: fc.constantFrom('{"package":1}', '{"package":1,"signatures":[]}', '{"package":1}', '{"package":2}'),
    }),
    ({ keyset }) => keyset,
  ),
});
function name(most: number) {
  return fc.nat(most).map((at) => hexOf(String(at)));
}
function few<T>(entry: fc.Arbitrary<T>, selector: (entry: T) => string) {
  return fc.uniqueArray(entry, { maxLength: 2, selector });
}

const valueOf = (one: Remembered, other: Remembered): Remembered | undefined => {
  const both = unionOf(one, other);
  return both.ok ? both.value : undefined;
};
const codeOf = (one: Remembered, other: Remembered): string => {
  const both = unionOf(one, other);
  return both.ok ? 'none' : both.refusal.code;
};

test('what copies remember together does not depend on which is first, nor on what was brought together before', () => {
  const seen = { whole: 0, torn: 0 };
  fc.assert(
    fc.property(remembered, remembered, remembered, (a, b, c) => {
      expect(valueOf(b, a)).toEqual(valueOf(a, b));
      const alone = valueOf(a, NOTHING);
      if (alone === undefined) throw new Error('one copy alone contradicts nobody');
      expect(valueOf(alone, alone)).toEqual(alone);
      const [ab, bc] = [valueOf(a, b), valueOf(b, c)];
      if (ab === undefined || bc === undefined) return void (seen.torn += 1);
      expect(valueOf(ab, b)).toEqual(ab);
      const [left, right] = [valueOf(ab, c), valueOf(a, bc)];
      if (left === undefined || right === undefined) return void (seen.torn += 1);
      seen.whole += 1;
      expect(left).toEqual(right);
    }),
    { numRuns: 1_500 },
  );
  // A property that only contradictions reach, or none, would say little.
  expect(Math.min(seen.whole, seen.torn)).toBeGreaterThan(100);
});

test('nothing that one side remembers is missing afterwards, and of two values the stricter one stays', () => {
  fc.assert(
    fc.property(remembered, remembered, (a, b) => {
      const both = valueOf(a, b);
      if (both === undefined) return;
      for (const side of [a, b]) {
        for (const { commitment } of side.nonces) expect(both.nonces.map((n) => n.commitment)).toContain(commitment);
        for (const { outpoint, txid } of side.locks)
          expect(both.locks).toContainEqual(expect.objectContaining({ outpoint, txid }));
        for (const { ceremony } of side.keygens) expect(both.keygens.map((k) => k.ceremony)).toContain(ceremony);
        for (const { incident, count, root } of side.heads)
          expect(both.heads).toContainEqual(expect.objectContaining({ incident, count, root }));
        for (const coin of side.outflow) {
          const counted = both.outflow.find(({ outpoint }) => outpoint === coin.outpoint);
          expect(counted?.atMs).toBeGreaterThanOrEqual(coin.atMs);
          expect(counted?.sats).toBeGreaterThanOrEqual(coin.sats);
        }
        for (const key of side.keysets) {
          const brake = both.keysets.find(({ keyset }) => keyset === key.keyset)?.brake ?? 'certified';
          expect(KEY_BRAKES.indexOf(brake)).toBeGreaterThanOrEqual(KEY_BRAKES.indexOf(key.brake));
        }
      }
    }),
    { numRuns: 500 },
  );
});

const lock = (coins: readonly number[], name_: string, feeSats: number): Remembered => ({
  ...NOTHING,
  locks: coins.map((coin) => ({
    outpoint: outpointOf(coin),
    txid: hexOf(name_),
    feeSats,
    requestDigest: hexOf(`request ${name_}`),
    atMs: 1,
  })),
});
const burnt = (requestDigest: string, commitment = 'c'): Pick<Remembered, 'nonces'> => ({
  nonces: [{ commitment: hexOf(commitment), ceremony: 'signing-a', requestDigest: hexOf(requestDigest), atMs: 1 }],
});

test.each([
  ['a replacement at a higher fee', lock([1], 'a', 500), lock([1], 'b', 501), 'none'],
  [
    'one of two outputs beside one of another two',
    lock([1, 2], 'a', 500),
    lock([2, 3], 'b', 600),
    'conflict.interchange-lock',
  ],
  [
    'another transaction of both outputs at a lower fee beside one of one',
    lock([1], 'a', 500),
    lock([1, 2], 'b', 400),
    'conflict.interchange-lock',
  ],
  ['the same transaction on both sides', lock([1], 'a', 500), lock([1, 2], 'a', 500), 'none'],
  [
    'a transaction that this side had signed before it signed its own, because it could never confirm',
    lock([1, 2], 'a', 900),
    { ...lock([1], 'b', 400), ...burnt('request a') },
    'none',
  ],
  ['a nonce in one request on both sides', { ...NOTHING, ...burnt('r') }, { ...NOTHING, ...burnt('r') }, 'none'],
  [
    'a nonce in two requests',
    { ...NOTHING, ...burnt('r') },
    { ...NOTHING, ...burnt('s') },
    'conflict.interchange-nonce',
  ],
])('%s: %#', (_, one, other, code) => {
  expect(codeOf(one, other)).toBe(code);
  expect(codeOf(other, one)).toBe(code);
});

test('what copies locked apart is read a few times each, however many locks there are', () => {
  let reads = 0;
  const counted = (of: Remembered): Remembered => ({
    ...of,
    locks: of.locks.map(({ txid, ...rest }) => ({
      ...rest,
      get txid() {
        reads += 1;
        return txid;
      },
    })),
  });
  const coins = Array.from({ length: 500 }, (_, coin) => coin);
  const bumped = (feeSats: number): Remembered => ({
    ...NOTHING,
    locks: coins.flatMap((coin) => lock([coin], `${coin} at ${feeSats}`, feeSats).locks),
  });
  expect(codeOf(counted(bumped(500)), counted(bumped(600)))).toBe('none');
  expect(reads).toBeLessThan(40 * coins.length);
});
