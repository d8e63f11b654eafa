import { afterEach, expect, test } from '@jest/globals';
import { AT_MS_MAX } from '../../../domain/audit/shape.ts';
import { validatorId } from '../../../domain/network/network.ts';
import type { Journal, LockConflict } from '../journal/journal.ts';
import type { Remembered } from '../journal/remembered.ts';
import { outflowRefusal } from '../policy/outflow.ts';
import { SILENT } from '../testkit/agents.ts';
import { hexOf, NOTHING, outpointOf, payoutOf } from '../testkit/copies.ts';
import { TestJournals } from '../testkit/journals.ts';
import { testNetwork } from '../testkit/network.ts';
import { readInterchange, writeInterchange } from './file.ts';
import { importInto } from './import.ts';
import { interchangeOf, ownerIn } from './interchange.ts';

const journals = new TestJournals();
afterEach(() => journals.dispose());

const { genesis } = testNetwork(4, 3);
const self = validatorId(2);
const NOW_MS = 1_800_000_000_000;
const CAP = { sats: 100, windowSeconds: 60 };
const EMPTY = { owner: ownerIn(genesis, self), epochs: [], order: undefined, uses: [], chainFreeze: undefined };

const fresh = (): Journal => journals.open(journals.newFolder());
const lockOn = (coin: number): Remembered['locks'][number] => ({
  outpoint: outpointOf(coin),
  txid: hexOf(`a forger's ${coin}`),
  feeSats: 0,
  requestDigest: hexOf('nothing'),
  atMs: 0,
});
const row = (coin: number, sats: number): Remembered['outflow'][number] => ({
  outpoint: outpointOf(coin),
  sats,
  atMs: NOW_MS,
});
/** An export that somebody wrote by hand, with a digest that fits. */
function bring(into: Journal, forged: Partial<Remembered>): void {
  const text = writeInterchange({ ...EMPTY, remembered: { ...NOTHING, ...forged } });
  importInto(
    { genesis, self, journal: into, clock: () => NOW_MS, logger: SILENT },
    readInterchange(text, 'the forged export'),
  );
}
const pay = (journal: Journal, coin: number, sats: number, atMs = NOW_MS): LockConflict | undefined => {
  const outpoint = outpointOf(coin);
  const outflow = { coins: [{ outpoint, sats }], cap: CAP };
  return journal.releases.commit(payoutOf(`coin ${coin} at ${atMs}`, { outpoints: [outpoint], outflow }, atMs));
};

test('an export that counts an output which nobody locked is refused, so that the coin counts when it is signed', () => {
  const journal = fresh();
  const forged = { outflow: [{ ...row(1, 1), atMs: 0 }] };
  expect(() => bring(journal, forged)).toThrow(/counts an output that no payout locked/);
  expect(pay(journal, 1, 101)).toMatchObject({ kind: 'outflow' });
});

test('a coin that a forged export counts as worth less counts whole when it is signed', () => {
  const journal = fresh();
  bring(journal, { locks: [lockOn(1), lockOn(2)], outflow: [1, 2].map((coin) => ({ ...row(coin, 1), atMs: 0 })) });
  expect(pay(journal, 1, 60)).toBeUndefined();
  expect(pay(journal, 2, 60)).toMatchObject({ kind: 'outflow', moreSats: 60, signedSats: 61 });
});

test('a coin that is signed already counts no less after a forged export', () => {
  const journal = fresh();
  expect(pay(journal, 1, 60)).toBeUndefined();
  bring(journal, { locks: [lockOn(1)], outflow: [row(1, 0)] });
  expect(journal.outflow.sumSince(NOW_MS - 1)).toBe(60);
  expect(pay(journal, 2, 60)).toMatchObject({ kind: 'outflow', signedSats: 60 });
});

test('a coin that only the other copy counted takes room from the import on, and a second import adds no more', () => {
  const journal = fresh();
  const forged = { locks: [lockOn(1)], outflow: [{ ...row(1, 60), atMs: 0 }] };
  bring(journal, forged);
  expect(pay(journal, 2, 60)).toMatchObject({ kind: 'outflow', signedSats: 60 });
  const once = writeInterchange(interchangeOf(journal, EMPTY.owner));
  bring(journal, forged);
  expect(writeInterchange(interchangeOf(journal, EMPTY.owner))).toBe(once);
  expect(pay(journal, 2, 60, NOW_MS + 60_000)).toBeUndefined();
});

test('times that no date can say are no entry of an export', () => {
  const journal = fresh();
  const late = { locks: [lockOn(1)], outflow: [{ ...row(1, 60), atMs: Number.MAX_SAFE_INTEGER - 1 }] };
  expect(() => bring(journal, late)).toThrow(/is not an entry of this version/);
  const latest = { ...late, outflow: [{ ...row(1, 60), atMs: AT_MS_MAX }] };
  bring(journal, latest);
  const refused = pay(journal, 2, 60);
  if (refused?.kind !== 'outflow') throw new Error('the cap is reached');
  expect(outflowRefusal(refused).message).toContain('there is room again at +010000-01-01');
});

test('more coins than there ever were stop payouts, in words, and not the validator', () => {
  const journal = fresh();
  const coins = Array.from({ length: 9 }, (_, coin) => coin + 10);
  bring(journal, { locks: coins.map(lockOn), outflow: coins.map((coin) => row(coin, 2_100_000_000_000_000)) });
  expect(journal.outflow.sumSince(0)).toBe(Number.MAX_SAFE_INTEGER);
  expect(pay(journal, 2, 60)).toMatchObject({ kind: 'outflow' });
});
