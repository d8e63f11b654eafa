import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { releaseOf, TestJournals } from '../testkit/journals.ts';

const journals = new TestJournals();
afterEach(() => journals.dispose());

const CAP = { sats: 100, windowSeconds: 60 };
const sumOf = (coins: readonly { readonly sats: number }[]): number => coins.reduce((sum, { sats }) => sum + sats, 0);
const WINDOW_MS = CAP.windowSeconds * 1_000;
const SATS = [40, 30, 25, 60, 10, 5, 99, 45, 20, 35, 70, 15];
/** Payout n spends one coin or two that no other does. */
const coinsOf = (n: number) =>
  [n, ...(n % 3 === 0 ? [n + SATS.length] : [])].map((coin) => ({
    outpoint: `${'ab'.repeat(32)}:${coin}`,
    sats: SATS[coin % SATS.length] ?? 0,
  }));

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ pay: fc.nat(SATS.length - 1), bump: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
  { weight: 3, arbitrary: fc.record({ clock: fc.integer({ min: -2 * WINDOW_MS, max: 2 * WINDOW_MS }) }) },
  { weight: 3, arbitrary: fc.record({ clock: fc.integer({ min: 0, max: WINDOW_MS / 3 }) }) },
);

test('whatever is paid, retried, replaced and restarted and however the clock steps, no window holds more than the cap', () => {
  let refusals = 0;
  let signatures = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), (steps) => {
      const folder = journals.newFolder();
      let journal = journals.open(folder);
      let nowMs = 1_000_000;
      let sessions = 0;
      const first = new Map<string, { readonly sats: number; readonly atMs: number }>();
      const heldAt = (endMs: number, latestMs: number) =>
        sumOf([...first.values()].filter(({ atMs }) => atMs > endMs - WINDOW_MS && atMs <= latestMs));
      for (const each of steps) {
        if (each === 'restart') {
          journal.close();
          journal = journals.open(folder);
        } else if ('clock' in each) nowMs += each.clock;
        else {
          sessions += 1;
          const coins = coinsOf(each.pay);
          const [outpoints, txid] = [coins.map(({ outpoint }) => outpoint), `payout ${each.pay} at fee ${each.bump}`];
          const feeSats = 500 + each.bump;
          const release = {
            ...releaseOf(`session-${sessions}`, txid, { outpoints, feeSats, outflow: { coins, cap: CAP } }),
            atMs: nowMs,
          };
          const more = sumOf(coins.filter(({ outpoint }) => !first.has(outpoint)));
          const against = journal.releases.commit(release);
          if (against?.kind === 'outflow') {
            refusals += 1;
            // Refused only what is new and too much, and by the time it names there is room.
            expect(more).toBeGreaterThan(0);
            expect(heldAt(nowMs, Infinity) + more).toBeGreaterThan(CAP.sats);
            if (Number.isFinite(against.roomAtMs)) {
              expect(journal.releases.conflict({ ...release, atMs: against.roomAtMs })).toBeUndefined();
              expect(journal.releases.conflict({ ...release, atMs: against.roomAtMs - 1 })).toMatchObject({
                kind: 'outflow',
              });
            } else expect(more).toBeGreaterThan(CAP.sats);
          } else if (against === undefined) {
            signatures += 1;
            for (const { outpoint, sats } of coins)
              if (!first.has(outpoint)) first.set(outpoint, { sats, atMs: nowMs });
          } else expect(against.kind).toBe('outpoint-locked');
          for (const { atMs } of first.values()) expect(heldAt(atMs, atMs)).toBeLessThanOrEqual(CAP.sats);
          expect(journal.outflow.sumSince(nowMs - WINDOW_MS)).toBe(heldAt(nowMs, Infinity));
        }
      }
      journal.close();
    }),
    { numRuns: 40 },
  );
  // A cap that nothing ever reaches would hold as well.
  expect(refusals).toBeGreaterThan(20);
  expect(signatures).toBeGreaterThan(20);
});

test('among thousands of coins the time is found at which enough of them have left the window', () => {
  const journal = journals.open(journals.newFolder());
  const outflow = Array.from({ length: 1_000 }, (_, at) => ({
    outpoint: `${'ab'.repeat(32)}:${at}`,
    sats: 1,
    atMs: 1 + (at % 7),
  }));
  journal.remembered.take({ ...journal.remembered.all(), outflow }, 1);
  const cap = { sats: 1_000, windowSeconds: 60 };
  const asked = (sats: number) => ({
    ...releaseOf('asked', 'aa'.repeat(32), { outflow: { coins: [{ outpoint: 'new', sats }], cap } }),
    atMs: 10,
  });
  // 143 coins were signed in each of the first six milliseconds.
  for (const [sats, atMs] of [
    [1, 60_001],
    [143, 60_001],
    [144, 60_002],
    [429, 60_003],
    [430, 60_004],
    [1_000, 60_007],
  ] as const)
    expect(journal.releases.conflict(asked(sats))).toMatchObject({
      kind: 'outflow',
      signedSats: 1_000,
      roomAtMs: atMs,
    });
});
