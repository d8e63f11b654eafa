import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { toHex } from '../../domain/encoding/hex.ts';
import { proposeHigherFees } from '../../domain/vault/fee-ladder.ts';
import { memoryCodec } from '../../plugins/chain/memory/codec.ts';
import { txidOf } from '../../plugins/chain/memory/transaction.ts';
import { MemoryWorld } from '../../plugins/chain/memory/world.ts';
import { PAYOUT_SCRIPT } from './rig/world.ts';

const secret = new Uint8Array(32).fill(7);
const script = `5120${toHex(schnorr.getPublicKey(secret))}`;
const codec = memoryCodec('regtest');
const AMOUNT_SATS = 100_000;
const FEES = [500, ...proposeHigherFees(500, 8_000, codec.payoutVsize(2, PAYOUT_SCRIPT))];

/** Every transaction of a ladder over two deposits, signed. */
async function ladderIn(world: MemoryWorld): Promise<readonly { readonly txid: string; readonly bytes: Uint8Array }[]> {
  const outpoints = [await world.fund(script, AMOUNT_SATS), await world.fund(script, AMOUNT_SATS)];
  await world.mine(1);
  const inputs = outpoints.map((outpoint) => ({ outpoint, amountSats: AMOUNT_SATS, script }));
  return FEES.map((feeSats) => {
    const { transaction, txid } = codec.buildPayout({ inputs, payoutScript: PAYOUT_SCRIPT, feeSats });
    const read = codec.readTransaction(transaction);
    expect(read.inputs).toEqual(outpoints);
    expect(read.outputs).toEqual([{ script: PAYOUT_SCRIPT, amountSats: 2 * AMOUNT_SATS - feeSats }]);
    const signatures = codec.sighashes(transaction, inputs).map((one) => schnorr.sign(one, secret));
    return { txid, bytes: codec.attachSignatures(transaction, signatures) };
  });
}

const rung = fc.nat(FEES.length - 1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ handIn: rung }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('a block' as const, 'a block of others' as const, 'a full mempool' as const),
  },
  { weight: 2, arbitrary: fc.record({ reorg: fc.integer({ min: 1, max: 4 }), brings: rung }) },
);

test('whatever is handed in, dropped, mined and reorganised in whatever order, at most one transaction of a ladder is ever in the chain', async () => {
  let confirmed = 0;
  const runs = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
    const world = new MemoryWorld();
    await world.mine(5);
    const ladder = await ladderIn(world);
    const base = (await world.tip()).height;
    const spentBelow = (height: number) =>
      world.blocks.slice(0, height + 1).some(({ transactions }) => transactions.some((tx) => txids.has(txidOf(tx))));
    const txids = new Set(ladder.map(({ txid }) => txid));
    for (const each of steps) {
      const { height } = await world.tip();
      if (each === 'a block') await world.mine(1);
      else if (each === 'a block of others') await world.forkFrom(height, 1);
      else if (each === 'a full mempool') world.crowd(20_000);
      else if ('handIn' in each) {
        world.crowd(0);
        // A node refuses what conflicts with what it has; that is its business and no failure.
        await world.pay(ladder[each.handIn]?.bytes ?? new Uint8Array()).catch(() => undefined);
      } else {
        const from = Math.max(base, height - each.reorg);
        // A miner includes what its branch has not spent yet.
        const include = spentBelow(from) ? [] : [ladder[each.brings]?.bytes ?? new Uint8Array()];
        await world.forkFrom(from, height - from + 1, { include });
      }
      const spends = world.blocks.flatMap(({ transactions }) => transactions.map(txidOf)).filter((id) => txids.has(id));
      expect(spends.length).toBeLessThanOrEqual(1);
      confirmed += spends.length;
    }
  });
  await fc.assert(runs, { numRuns: 25 });
  expect(confirmed).toBeGreaterThan(0);
});
