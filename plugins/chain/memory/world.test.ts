import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { toHex } from '../../../domain/encoding/hex.ts';
import { memoryCodec } from './codec.ts';
import { plugin } from './index.ts';
import { MemoryWorld } from './world.ts';

const secret = new Uint8Array(32).fill(5);
const script = `5120${toHex(schnorr.getPublicKey(secret))}`;
const codec = memoryCodec('regtest');

async function spendOf(world: MemoryWorld, feeSats: number, key = secret): Promise<Uint8Array> {
  const inputs = [{ outpoint: await world.fund(script, 10_000), amountSats: 10_000, script }];
  const { transaction } = codec.buildPayout({ inputs, payoutScript: script, feeSats });
  return codec.attachSignatures(
    transaction,
    codec.sighashes(transaction, inputs).map((sighash) => schnorr.sign(sighash, key)),
  );
}

test('two worlds with the same history have the same hashes', async () => {
  const history = async () => {
    const world = new MemoryWorld();
    await world.fund(script, 1_000);
    await world.mine(3);
    return world.forkFrom(1, 4);
  };
  expect(await history()).toEqual(await history());
});

test('a shorter branch does not become canonical', async () => {
  const world = new MemoryWorld();
  await world.mine(5);
  const before = await world.tip();
  await world.forkFrom(3, 2);
  expect(await world.tip()).toEqual(before);
});

test.each<[string, (world: MemoryWorld) => Promise<Uint8Array>, string]>([
  ['a wrong signature', (world) => spendOf(world, 200, new Uint8Array(32).fill(6)), 'wrong signature'],
  ['a fee below the relay floor', (world) => spendOf(world, 50), 'relay floor'],
  ['no signature', async (world) => (await spendOf(world, 200)).subarray(0, 0), 'not exactly one'],
])('%s is refused', async (_what, make, reason) => {
  const world = new MemoryWorld();
  await expect(make(world).then((bytes) => world.pay(bytes))).rejects.toThrow(reason);
});

test('a second spend of the same output is refused while the first one waits and after it is mined', async () => {
  const world = new MemoryWorld();
  const outpoint = await world.fund(script, 10_000);
  const spend = (feeSats: number) => {
    const inputs = [{ outpoint, amountSats: 10_000, script }];
    const { transaction } = codec.buildPayout({ inputs, payoutScript: script, feeSats });
    return codec.attachSignatures(
      transaction,
      codec.sighashes(transaction, inputs).map((one) => schnorr.sign(one, secret)),
    );
  };
  await world.pay(spend(200));
  await expect(world.pay(spend(300))).rejects.toMatchObject({ code: 'policy.transaction-refused' });
  await world.mine(1);
  await expect(world.pay(spend(300))).rejects.toThrow('missing or spent');
});

test('a second spend that pays for its own bytes on top takes the place of the first, and a crowd drives both out', async () => {
  const world = new MemoryWorld();
  const outpoint = await world.fund(script, 10_000);
  const spend = (feeSats: number) => {
    const inputs = [{ outpoint, amountSats: 10_000, script }];
    const { transaction } = codec.buildPayout({ inputs, payoutScript: script, feeSats });
    const signatures = codec.sighashes(transaction, inputs).map((one) => schnorr.sign(one, secret));
    return codec.attachSignatures(transaction, signatures);
  };
  const waiting = () => [...world.mempool.keys()].filter((txid) => txid !== outpoint.txid);
  const first = await world.pay(spend(200));
  const second = await world.pay(spend(400));
  expect(waiting()).toEqual([second]);
  await expect(world.pay(spend(200))).rejects.toThrow('replaces for 200 sat');
  world.crowd(5_000);
  expect(waiting()).toEqual([]);
  await expect(world.pay(spend(400))).rejects.toThrow('less than the mempool takes');
  const dear = await world.pay(spend(900));
  expect([first, second]).not.toContain(dear);
  expect(waiting()).toEqual([dear]);
});

test('its only setting is checked', () => {
  const where = { file: 'test.toml', lineOf: () => 3 };
  expect(plugin.parse({}, where)).toEqual({ reorg_depth_max: 6 });
  for (const wrong of [{ reorg_depth_max: 0 }, { reorg_depth_max: '6' }, { depth: 6 }, 'six']) {
    expect(() => plugin.parse(wrong, where)).toThrow('test.toml:3');
  }
});
