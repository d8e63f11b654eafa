import { expect, jest, test } from '@jest/globals';
import { toHex } from '../../../domain/encoding/hex.ts';
import { AMOUNT, payoutBench, SIGNERS } from '../testkit/payout-bench.ts';
import { commitTo, depositTo, openVault, type PayoutPlanned, requestBytes } from '../testkit/payouts.ts';

/** Real cryptography and real disks on a machine that may be busy; nothing here waits for time to pass. */
jest.setTimeout(60_000);

const WINDOW_SECONDS = 3_600;
const bench = payoutBench({ outflowCap: { sats: 2 * AMOUNT, windowSeconds: WINDOW_SECONDS } });

/** A request for the coins of a vault of its own. */
async function payout(changes: Partial<PayoutPlanned> = {}): Promise<Uint8Array> {
  bench.vault = await openVault(bench.fleet, bench.certificate);
  bench.outpoint = depositTo(bench.fleet, bench.vault, changes.amountSats ?? AMOUNT);
  return request({ outpoints: [bench.outpoint], ...changes });
}
async function request(changes: Partial<PayoutPlanned> = {}): Promise<Uint8Array> {
  const planned = bench.plan(changes);
  return requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
}
const outflow = () => bench.fleet.get(1).agent.report().outflow;

test('a payout above the cap of this validator is refused until earlier ones are a window ago, and what was signed is not counted twice', async () => {
  const first = await payout();
  const answered = await bench.give(first);
  const again = await request(); // another session for the same coins
  const higher = await request({ feeSats: 600 });
  for (const repeated of [again, higher]) expect(await bench.give(repeated)).toMatchObject({ ok: true });
  expect(outflow()).toEqual({ signedSats: AMOUNT, capSats: 2 * AMOUNT });
  bench.nowMs += 1_000_000;
  expect(await bench.give(await payout())).toMatchObject({ ok: true });

  const third = await payout();
  const roomAt = new Date(Math.ceil((bench.nowMs - 1_000_000) / 1_000 + WINDOW_SECONDS) * 1_000).toISOString();
  expect(await bench.give(third)).toMatchObject({
    code: 'policy.outflow-cap',
    message: expect.stringContaining(`there is room again at ${roomAt}`),
  });
  const { journal, agent } = bench.fleet.get(1);
  expect(journal.refusals.latest(1)).toMatchObject([{ code: 'policy.outflow-cap' }]);
  expect(agent.report().counters.refusals['policy.outflow-cap']).toBe(1);
  expect(journal.releases.locksOn(`${bench.outpoint.txid}:${bench.outpoint.vout}`)).toEqual([]);

  // Neither a restart nor a clock that is set back makes room; the refused request keeps its nonces until there is some.
  bench.nowMs -= 500_000;
  expect(await bench.give(third)).toMatchObject({ code: 'policy.outflow-cap' });
  bench.nowMs = Date.parse(roomAt);
  expect(await bench.give(third)).toMatchObject({ ok: true });
  await bench.fleet.crash(1);
  expect(outflow().signedSats).toBe(2 * AMOUNT);
  expect(await bench.give(await payout())).toMatchObject({ code: 'policy.outflow-cap' });
  const kept = await bench.give(first);
  if (!answered.ok || !kept.ok) throw new Error('both answers are partial signatures');
  expect(toHex(kept.bytes)).toBe(toHex(answered.bytes));
});

test('a payout above the cap of a whole window is refused for good, in other words', async () => {
  bench.nowMs += 10 * WINDOW_SECONDS * 1_000;
  expect(await bench.give(await payout({ amountSats: 2 * AMOUNT + 1 }))).toMatchObject({ code: 'policy.outflow-size' });
  expect(await bench.give(await payout({ amountSats: 2 * AMOUNT }))).toMatchObject({ ok: true });
});

test('each validator counts for itself: one that did not sign has room', async () => {
  bench.nowMs += 10 * WINDOW_SECONDS * 1_000;
  expect(await bench.give(await payout({ amountSats: 2 * AMOUNT }))).toMatchObject({ ok: true });
  const next = await payout();
  expect(await bench.give(next)).toMatchObject({ code: 'policy.outflow-cap' });
  expect(await bench.fleet.ask(2, { case: 'givePartials', value: { request: next } })).toMatchObject({ ok: true });
});
