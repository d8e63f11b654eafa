import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Block, Block as Blocks, type Transaction } from 'bitcoinjs-lib';
import { displayHex, internalBytes } from '../../plugins/chain/bitcoin/merkle.ts';
import type { NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import { buildBlock } from './block-builder.ts';
import { openFaucet } from './faucet.ts';
import { Ledger } from './ledger.ts';
import { mempoolOf } from './mempool.ts';

const FEE_SATS = 1_000n;
const GENESIS = '00'.repeat(32);

/** What a node answers of blocks and of its mempool, both given by the test. */
function node(blocks: readonly string[], waiting: readonly Transaction[]): NodeRpc {
  const byHash = new Map(blocks.map((hex) => [hashOf(Blocks.fromHex(hex)), hex]));
  const byTxid = new Map(waiting.map((each) => [each.getId(), each.toHex()]));
  const results: Readonly<Record<string, (key: unknown) => unknown>> = {
    getbestblockhash: () => [...byHash.keys()].at(-1),
    getblock: (hash) => byHash.get(String(hash)),
    getrawmempool: () => [...byTxid.keys()],
    getrawtransaction: (txid) => byTxid.get(String(txid)),
  };
  return { name: 'node', call: async (method, [key]) => ({ ok: true, result: results[method]?.(key) }) };
}

const hashOf = (block: Block): string => displayHex(block.getHash());

async function world() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-mempool-'));
  const faucet = await openFaucet(join(dir, 'key'));
  rmSync(dir, { recursive: true });
  const blocks: string[] = [];
  let parent = GENESIS;
  const mine = (transactions: readonly Transaction[]): void => {
    const height = blocks.length;
    const plan = { parentHash: internalBytes(parent), height, timeSeconds: 1_700_000_000 + height, transactions };
    const { bytes, hash } = buildBlock({ ...plan, coinbaseScript: faucet.script });
    blocks.push(bytes.toString('hex'));
    parent = displayHex(hash);
  };
  for (let block = 0; block < 102; block += 1) mine([]);
  const ledger = new Ledger(faucet.script);
  const sync = (): Promise<void> => ledger.sync(node(blocks, []));
  await sync();
  return { faucet, ledger, blocks, mine, sync };
}

test('a block takes what waits at any node, parents first, and of two that spend the same coin one', async () => {
  const { faucet, ledger, blocks } = await world();
  const [coin] = ledger.spendable();
  if (coin === undefined) throw new Error('the faucet has a coin');
  const parent = faucet.spend([coin], [], FEE_SATS);
  const [change] = parent.outs;
  const held = { txid: parent.getId(), vout: 0, valueSats: BigInt(change?.value ?? 0), height: 0, coinbase: false };
  const child = faucet.spend([held], [], FEE_SATS);
  const rival = faucet.spend([coin], [], FEE_SATS * 2n);
  const taken = await mempoolOf([node(blocks, [child, parent]), node(blocks, [rival])], ledger);
  expect(taken.map((each) => each.getId())).toEqual([parent.getId(), child.getId()]);
});

test('what a node still holds that was away while its coins were spent is in no block, nor is its child', async () => {
  const { faucet, ledger, blocks, mine, sync } = await world();
  const [coin, other] = ledger.spendable();
  if (coin === undefined || other === undefined) throw new Error('the faucet has two coins');
  const stale = faucet.spend([coin], [], FEE_SATS);
  const held = { txid: stale.getId(), vout: 0, valueSats: coin.valueSats - FEE_SATS, height: 0, coinbase: false };
  const child = faucet.spend([held], [], FEE_SATS);
  const good = faucet.spend([other], [], FEE_SATS);
  mine([faucet.spend([coin], [], FEE_SATS * 2n)]);
  for (let block = 0; block < 20; block += 1) mine([]);
  await sync();
  const taken = await mempoolOf([node(blocks, [stale, child, good])], ledger);
  expect(taken.map((each) => each.getId())).toEqual([good.getId()]);
});

test('a child of what a block took is taken, whatever a node that was away still holds', async () => {
  const { faucet, ledger, blocks, mine, sync } = await world();
  const [coin] = ledger.spendable();
  if (coin === undefined) throw new Error('the faucet has a coin');
  const parent = faucet.spend([coin], [], FEE_SATS);
  const held = { txid: parent.getId(), vout: 0, valueSats: coin.valueSats - FEE_SATS, height: 0, coinbase: false };
  const child = faucet.spend([held], [], FEE_SATS);
  mine([parent]);
  await sync();
  for (const nodes of [
    [node(blocks, [child]), node(blocks, [parent])],
    [node(blocks, [parent]), node(blocks, [child])],
  ])
    expect((await mempoolOf(nodes, ledger)).map((each) => each.getId())).toEqual([child.getId()]);
});

test('coins that a reorganisation gave back can be spent again', async () => {
  const { faucet, ledger, blocks, mine, sync } = await world();
  const [coin] = ledger.spendable();
  if (coin === undefined) throw new Error('the faucet has a coin');
  const spent = faucet.spend([coin], [], FEE_SATS);
  const before = [...blocks];
  mine([spent]);
  await sync();
  expect(await mempoolOf([node(blocks, [spent])], ledger)).toEqual([]);
  await ledger.sync(node(before, []));
  expect((await mempoolOf([node(before, [spent])], ledger)).map((each) => each.getId())).toEqual([spent.getId()]);
});
