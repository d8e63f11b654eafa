import { expect, test } from '@jest/globals';
import { toHex } from '../../../domain/encoding/hex.ts';
import { AMOUNT, payoutBench, SIGNERS } from '../testkit/payout-bench.ts';
import {
  askedFor,
  commitTo,
  depositTo,
  openVault,
  type PayoutPlanned,
  type PlannedRequest,
  requestBytes,
} from '../testkit/payouts.ts';
import { newCeremony } from '../testkit/ceremonies.ts';

const WINDOW_SECONDS = 3_600;
const bench = payoutBench({ outflowCap: { sats: 2 * AMOUNT, windowSeconds: WINDOW_SECONDS } });

/** Of the coins of a vault of its own. */
async function payout(changes: Partial<PayoutPlanned> = {}): Promise<PlannedRequest> {
  bench.vault = await openVault(bench.fleet, bench.certificate);
  bench.outpoint = depositTo(bench.fleet, bench.vault, changes.amountSats ?? AMOUNT);
  return bench.plan({ outpoints: [bench.outpoint], ...changes });
}
/** Another session for the same coins. */
const again = (planned: PlannedRequest): PlannedRequest => ({ ...planned, ceremony: newCeremony('signing') });
const signed = async (planned: PlannedRequest): Promise<Uint8Array> =>
  requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
const outflow = () => bench.fleet.get(1).agent.report().outflow;

test('a payout above the cap of this validator is refused until earlier ones are a window ago, and what was signed is not counted twice', async () => {
  const first = await payout();
  const request = await signed(first);
  const answered = await bench.give(request);
  for (const repeated of [again(first), bench.plan({ feeSats: 600 })])
    expect(await bench.pay(repeated)).toMatchObject({ ok: true });
  expect(outflow()).toEqual({ signedSats: AMOUNT, capSats: 2 * AMOUNT });
  bench.nowMs += 1_000_000;
  expect(await bench.pay(await payout())).toMatchObject({ ok: true });

  const third = await payout();
  const roomAt = new Date(Math.ceil((bench.nowMs - 1_000_000) / 1_000 + WINDOW_SECONDS) * 1_000).toISOString();
  expect(await bench.pay(third)).toMatchObject({
    code: 'policy.outflow-cap',
    message: expect.stringContaining(`there is room again at ${roomAt}`),
  });
  const { journal, agent } = bench.fleet.get(1);
  expect(journal.refusals.latest(1)).toMatchObject([{ code: 'policy.outflow-cap' }]);
  expect(agent.report().counters.refusals['policy.outflow-cap']).toBe(1);
  expect(journal.releases.locksOn(`${bench.outpoint.txid}:${bench.outpoint.vout}`)).toEqual([]);

  // Neither a restart nor a clock that is set back makes room.
  bench.nowMs -= 500_000;
  expect(await bench.pay(third)).toMatchObject({ code: 'policy.outflow-cap' });
  bench.nowMs = Date.parse(roomAt);
  expect(await bench.pay(third)).toMatchObject({ ok: true });
  await bench.fleet.crash(1);
  expect(outflow().signedSats).toBe(2 * AMOUNT);
  expect(await bench.pay(await payout())).toMatchObject({ code: 'policy.outflow-cap' });
  const kept = await bench.give(request);
  if (!answered.ok || !kept.ok) throw new Error('both answers are partial signatures');
  expect(toHex(kept.bytes)).toBe(toHex(answered.bytes));
});

test('a payout above the cap of a whole window is refused for good, in other words', async () => {
  bench.nowMs += 10 * WINDOW_SECONDS * 1_000;
  expect(await bench.pay(await payout({ amountSats: 2 * AMOUNT + 1 }))).toMatchObject({ code: 'policy.outflow-size' });
  expect(await bench.pay(await payout({ amountSats: 2 * AMOUNT }))).toMatchObject({ ok: true });
});

test('what outputs were locked for takes room before anybody signs it, and signing it takes no more', async () => {
  bench.nowMs += 10 * WINDOW_SECONDS * 1_000;
  const request = await signed(await payout({ amountSats: 2 * AMOUNT }));
  expect(outflow().signedSats).toBe(2 * AMOUNT);
  expect(await bench.pay(await payout())).toMatchObject({ code: 'policy.outflow-cap' });
  expect(await bench.give(request)).toMatchObject({ ok: true });
  expect(outflow().signedSats).toBe(2 * AMOUNT);
});

test('each validator counts for itself: one that locked nothing has room', async () => {
  bench.nowMs += 10 * WINDOW_SECONDS * 1_000;
  expect(await bench.pay(await payout({ amountSats: 2 * AMOUNT }))).toMatchObject({ ok: true });
  const next = await payout();
  expect(await bench.pay(next)).toMatchObject({ code: 'policy.outflow-cap' });
  const commitment = await bench.fleet.ask(4, { case: 'giveCommitments', value: askedFor(next) });
  expect(commitment).toMatchObject({ ok: true });
});
