import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { outpointText } from '../../../domain/vault/terms.ts';
import { AMOUNT, codec, payoutBench, SIGNERS } from '../testkit/payout-bench.ts';
import { depositTo, openVault, type PayoutPlanned, type PlannedRequest } from '../testkit/payouts.ts';

const LADDER = [500, 1_000, 2_000];
const [LOWEST, ...HIGHER] = LADDER as [number, ...number[]];
const bench = payoutBench();

/** The transaction of one fee, under the one request that names them all. */
const rung = (feeSats: number, changes: Partial<PayoutPlanned> = {}): PlannedRequest =>
  bench.plan({ feeSats, release: { feeSats: LOWEST, higherFeesSats: HIGHER }, ...changes });
const askOf = (planned: PlannedRequest, signers: readonly number[] = SIGNERS, id?: number) =>
  bench.pay(planned, signers, id ?? signers[0]);
const lockedTo = (id = 1) =>
  bench.fleet
    .get(id)
    .journal.releases.locksOn(outpointText(bench.outpoint))
    .map(({ txid }) => txid);

test('every fee that the release key signed is given, each as another transaction of the same coins to the same script', async () => {
  const seen = new Set<string>();
  for (const feeSats of LADDER) {
    const planned = rung(feeSats);
    const { txid, inputs, outputs } = codec.readTransaction(planned.transaction);
    expect(inputs).toEqual([bench.outpoint]);
    expect(outputs).toEqual([{ script: bench.vault.signedTerms.terms.payoutScript, amountSats: AMOUNT - feeSats }]);
    expect((await askOf(planned)).ok).toBe(true);
    expect(lockedTo()).toEqual([txid]);
    seen.add(txid);
  }
  expect(seen.size).toBe(LADDER.length);
});

test.each([LOWEST - 1, LOWEST + 1, 1_999, 2_001, 3_000])(
  'a fee of %i sats, which is none of them, is refused',
  async (feeSats) => {
    expect(await askOf(rung(feeSats))).toMatchObject({
      code: 'policy.payout-fee',
      message: expect.stringContaining('500, 1000, 2000'),
    });
    expect(lockedTo()).toEqual([]);
  },
);

test.each([
  ['does not rise', [1_000, 900], 'input.release-ladder'],
  ['begins below the first fee', [LOWEST], 'input.release-ladder'],
  ['eats the whole amount', [AMOUNT], 'input.release-ladder'],
  ['goes above what the terms allow', [1_000, 5_001], 'policy.release-fee'],
] as const)('a ladder that %s is refused whole, at its lowest fee too', async (_, higherFeesSats, code) => {
  bench.vault = await openVault(bench.fleet, bench.certificate, { maximumFeeSats: 5_000 });
  bench.outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
  expect(await askOf(rung(LOWEST, { release: { feeSats: LOWEST, higherFeesSats } }))).toMatchObject({ code });
  expect(lockedTo()).toEqual([]);
});

test('an empty ladder and one of nine fees are no documents', async () => {
  for (const higherFeesSats of [[], [501, 502, 503, 504, 505, 506, 507, 508]])
    expect(await askOf(rung(LOWEST, { release: { feeSats: LOWEST, higherFeesSats } }))).toMatchObject({
      code: 'input.document-field',
    });
});

test('a fee of the ladder above the cap of this operator is refused, and the ones below are not', async () => {
  const release = { feeSats: LOWEST, higherFeesSats: [1_000, 4_500] };
  expect(await askOf(rung(4_500, { release }))).toMatchObject({ code: 'policy.payout-fee-cap' });
  expect((await askOf(rung(1_000, { release }))).ok).toBe(true);
});

test('a higher fee of the ladder lets coins go nowhere else, no other coins go, and nobody else say so', async () => {
  const other = depositTo(bench.fleet, bench.vault, AMOUNT);
  const release = { feeSats: LOWEST, higherFeesSats: HIGHER, outpoints: [bench.outpoint] };
  const attacks: readonly [Partial<PayoutPlanned>, string][] = [
    [{ payoutScript: `0014${'cd'.repeat(20)}` }, 'policy.payout-script'],
    [{ outpoints: [other], release }, 'policy.release-outpoints'],
    [{ outpoints: [bench.outpoint, other], amountSats: 2 * AMOUNT, release }, 'policy.release-outpoints'],
    [{ releaseKey: new Uint8Array(32).fill(9) }, 'policy.release-signature'],
  ];
  for (const [changes, code] of attacks) expect(await askOf(rung(1_000, changes))).toMatchObject({ code });
});

test('two coordinators at different fees: who went along with the higher one gives no lower one, after a crash neither, and the highest is completed', async () => {
  const [low, middle, high] = [LOWEST, 1_000, 2_000];
  expect((await askOf(rung(low), [1, 2, 3])).ok).toBe(true);
  expect((await askOf(rung(high), [2, 3, 4], 3)).ok).toBe(true);
  for (const feeSats of [low, middle])
    expect(await askOf(rung(feeSats), [1, 2, 3], 3)).toMatchObject({ code: 'conflict.outpoint-locked' });
  await bench.fleet.crash(3);
  expect(await askOf(rung(middle), [1, 3, 4], 3)).toMatchObject({ code: 'conflict.outpoint-locked' });
  for (const id of [1, 2, 4]) expect((await askOf(rung(high), [1, 2, 4], id)).ok).toBe(true);
});

test('a ladder takes no room under the outflow cap beyond its coins', async () => {
  const before = bench.fleet.get(1).agent.report().outflow.signedSats;
  for (const feeSats of LADDER) expect((await askOf(rung(feeSats))).ok).toBe(true);
  expect(bench.fleet.get(1).agent.report().outflow.signedSats - before).toBe(AMOUNT);
});

test('in whatever order fees are asked for, a validator goes up and never back, and every lock is on the recorded script', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(LADDER.length - 1), { minLength: 1, maxLength: 5 }), async (asked) => {
      bench.vault = await openVault(bench.fleet, bench.certificate);
      bench.outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
      let highest = -1;
      for (const at of asked) {
        const reply = await askOf(rung(LADDER[at] ?? 0));
        expect(reply.ok).toBe(at >= highest);
        highest = Math.max(highest, at);
        expect(lockedTo()).toEqual([codec.readTransaction(rung(LADDER[highest] ?? 0).transaction).txid]);
      }
    }),
    { numRuns: 6 },
  );
});
