import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTorturedNetwork, type TorturedNetwork } from '../../devnet/torture/network.ts';
import { makeKey, type Result, runOn } from '../../devnet/torture/run.ts';
import { scheduleOf } from '../../devnet/torture/schedule.ts';
import { repeat } from '../../devnet/torture/summary.ts';
import { judge } from '../../devnet/torture/verdict/verdict.ts';
import type { KeyRef } from '../../workflows/generate-key/messages.ts';
import { freePortBase } from '../e2e/rig/free-ports.ts';

/** A short storm; seeds that once found something come here. */
const SEEDS = [1] as const;
const FAULTS = 9;
const SIZE = { lanes: 3, calmPayouts: 1, payouts: 5 } as const;
const START_MS = 240_000;
const SEED_MS = 400_000;

const root = mkdtempSync(join(tmpdir(), 'firebreak-torture-'));
let net: TorturedNetwork;
let key: KeyRef;
let last: Result;

beforeAll(async () => {
  const { cast } = scheduleOf(SEEDS[0]);
  net = await startTorturedNetwork({
    data: join(root, 'devnet'),
    portBase: await freePortBase(),
    seed: SEEDS[0],
    cast,
  });
  key = await makeKey(net);
}, START_MS);

afterAll(async () => {
  await net?.stop();
  rmSync(root, { recursive: true, force: true });
});

test.each(SEEDS)(
  'a storm by seed %i spends nothing twice, accuses nobody honest, gives nothing away, and leaves no payout undone',
  async (seed) => {
    process.stdout.write(`  torture: the whole storm of this seed is npm run firebreak -- ${repeat(seed)}\n`);
    last = await runOn(net, key, scheduleOf(seed, FAULTS, net.cast), SIZE, (line) =>
      process.stdout.write(`    ${line}\n`),
    );
    for (const { name, looked } of last.findings) process.stdout.write(`    ${name}: ${looked}\n`);
    expect(last.findings.flatMap(({ name, violations }) => violations.map((each) => `${name}: ${each}`))).toEqual([]);
    expect(last.ledger.payouts.length).toBeGreaterThanOrEqual(SIZE.calmPayouts + SIZE.payouts);
    const done = last.ledger.strikes.filter(({ missed }) => missed === undefined);
    expect(done.length).toBeGreaterThanOrEqual(FAULTS - 2);
  },
  SEED_MS,
);

test('the verdict is another one where a deposit went elsewhere, was not spent, or came late', async () => {
  const [first, second] = last.ledger.deposits.filter(({ state }) => state === 'paid');
  if (first === undefined || second === undefined) throw new Error('two payouts are needed');
  const elsewhere = { ...first, terms: { ...first.terms, payoutScript: `5120${'ab'.repeat(32)}` } };
  const unspent = { ...second, outpoint: { ...second.outpoint, vout: second.outpoint.vout + 7 } };
  const findings = await judge(net, key, { ...last.ledger, deposits: [elsewhere, unspent] }, ['one was late']);
  const violations = findings.flatMap((each) => each.violations).join('\n');
  expect(violations).toContain(`${first.outpoint.txid}:${first.outpoint.vout} goes to`);
  expect(violations).toContain(`${second.outpoint.txid}:${unspent.outpoint.vout} is paid out and not spent`);
  expect(violations).toContain('one was late');
});
