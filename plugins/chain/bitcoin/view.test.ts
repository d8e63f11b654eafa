import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bitcoin, plugin } from './index.ts';
import { FakeNode, paymentTo } from './testkit/fake-node.ts';
import { reaches, troubled, until, ViewStage, WAIT_MS } from './testkit/view-stage.ts';

const SCRIPT = `5120${'ab'.repeat(32)}`;
const where = { file: 'view.test.ts', lineOf: () => undefined };

let stage: ViewStage;
let dir = '';
let node: FakeNode;
beforeEach(async () => {
  stage = await ViewStage.open();
  ({ dir, node } = stage);
});
afterEach(() => stage.close());

const listening = (fake: FakeNode) => stage.listening(fake);
const view = (nodes?: readonly FakeNode[], settings?: object) => stage.view(nodes, settings);
const context = () => ({ signal: new AbortController().signal, deadlineMs: Date.now() + WAIT_MS });

let payments = 0;
const payment = (amountSats = 10_000) => {
  payments += 1;
  return paymentTo(SCRIPT, amountSats, { txid: payments.toString(16).padStart(64, '0'), vout: 0 });
};

test('a block whose transactions do not give its merkle root is not connected, and the next honest answer is', async () => {
  const chain = await view();
  await chain.watch([SCRIPT], 0, context());
  const honest = payment(10_000);
  // The same block with one amount changed: header and work are real, the deposit is not.
  node.faults.tamper = (bytes) => {
    const script = bytes.indexOf(SCRIPT, 0, 'hex');
    if (script > 0) bytes.writeUInt32LE(10_001, script - 9);
    return bytes;
  };
  const before = chain.status().tip;
  const block = node.mine([honest]);
  await troubled(chain, 'policy.node-lies');
  expect(chain.status()).toMatchObject({ tip: before, synced: false });
  expect(chain.outputs(SCRIPT).outputs).toEqual([]);
  delete node.faults.tamper;
  await reaches(chain, block);
  expect(chain.status().trouble).toBeUndefined();
  expect(chain.outputs(SCRIPT).outputs).toMatchObject([{ amountSats: 10_000, confirmations: 1 }]);
});

test('another block than the one asked for is a lie', async () => {
  const chain = await view();
  const old = node.at(3);
  node.faults.tamper = () => Buffer.from(old.bytes);
  node.mine();
  await troubled(chain, 'policy.node-lies');
});

test('a node of another network is named and nothing is read from it', async () => {
  node.faults.genesis = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';
  const chain = await view();
  expect(chain.status()).toMatchObject({
    synced: false,
    trouble: { code: 'policy.wrong-network' },
    tip: { height: 0 },
  });
  expect(await chain.health?.()).toMatchObject({ state: 'down' });
  delete node.faults.genesis;
  await reaches(chain, node.best);
});

test('a pruned node that lacks a needed block is named, and the search ends when the block is there again', async () => {
  const deposit = node.mine([payment()]);
  node.mineMany(3);
  node.faults.pruned = true;
  node.faults.missing = new Set([deposit.hash]);
  const chain = await view();
  const searched = chain.watch([SCRIPT], deposit.height, context());
  await troubled(chain, 'policy.node-pruned');
  expect(chain.outputs(SCRIPT).outputs).toEqual([]);
  node.faults.missing.clear();
  await searched;
  expect(chain.outputs(SCRIPT).outputs).toMatchObject([{ blockHash: deposit.hash, confirmations: 4 }]);
});

test('a search that does not end by its deadline says so and goes on', async () => {
  const chain = await view();
  node.faults.hang = new Set(['getblock']);
  await expect(chain.watch([SCRIPT], 5, { ...context(), deadlineMs: Date.now() + 100 })).rejects.toMatchObject({
    code: 'not-yet.back-scan',
  });
  node.faults.hang.clear();
  await chain.watch([SCRIPT], 5, context());
});

test('a node that is down at the start, slow, cut off or still syncing is a named state that passes by itself', async () => {
  await node.close();
  const chain = await view([node], { rpc_timeout_ms: 100 });
  expect(chain.status()).toMatchObject({ synced: false, trouble: { code: 'unavailable.node-down' } });
  await node.listen();
  await reaches(chain, node.best);

  node.faults.hang = new Set(['getbestblockhash']);
  await troubled(chain, 'unavailable.node-slow');
  node.faults.hang.clear();
  await reaches(chain, node.mine());

  node.faults.truncate = true;
  await troubled(chain, 'unavailable.node-garbled');
  delete node.faults.truncate;
  await reaches(chain, node.mine());

  node.faults.unauthorized = true;
  await troubled(chain, 'input.node-credentials');
  delete node.faults.unauthorized;
  await reaches(chain, node.mine());

  await node.close();
  await troubled(chain, 'unavailable.node-down');
  node.faults.syncing = true;
  await node.listen();
  await troubled(chain, 'unavailable.node-syncing');
  expect(chain.status().synced).toBe(false);
  delete node.faults.syncing;
  await reaches(chain, node.mine());
});

test('an index of another version is rebuilt, and what it watched is searched for again without being told', async () => {
  const first = await view();
  const deposit = node.mine([payment()]);
  await first.watch([SCRIPT], 0, context());
  await reaches(first, deposit);
  await first.stop?.();
  const file = new DatabaseSync(join(dir, 'chain.sqlite'));
  file.exec('pragma user_version = 1');
  file.close();
  const second = await view();
  await until(() => second.outputs(SCRIPT).outputs.length > 0, 'the deposit in the new index');
  expect(second.outputs(SCRIPT).outputs).toMatchObject([{ blockHash: deposit.hash }]);
});

test('what cannot be a script in an index of another version is left behind with it, and the rest is searched for', async () => {
  const first = await view();
  const deposit = node.mine([payment()]);
  await first.watch([SCRIPT], 0, context());
  await reaches(first, deposit);
  await first.stop?.();
  const file = new DatabaseSync(join(dir, 'chain.sqlite'));
  file.exec(`insert into watched select 'no script', from_height, scan, visible from watched;
    insert into watched select '51', -1, scan, visible from watched limit 1; pragma user_version = 1`);
  file.close();
  const second = await view();
  await until(() => second.outputs(SCRIPT).outputs.length > 0, 'the deposit in the new index');
  expect(second.outputs(SCRIPT).outputs).toMatchObject([{ blockHash: deposit.hash }]);
});

test('a reorganisation exactly as deep as the bound is followed', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  node.mineMany(4, node.at(node.best.height - 3));
  await reaches(chain, node.best);
});

test('a node that falls back, or shows a branch without more work, rolls nothing back', async () => {
  const chain = await view();
  const tip = node.best;
  node.select(node.at(tip.height - 2));
  await troubled(chain, 'unavailable.node-behind');
  node.select(node.at(2));
  await troubled(chain, 'unavailable.node-behind');
  node.mineMany(2, node.at(0));
  expect(chain.status()).toMatchObject({ synced: false, tip: { hash: tip.hash } });
  node.select(tip);
  await reaches(chain, node.mine());
});

test('a tip that is replaced between two questions is not trouble', async () => {
  const chain = await view([node], { poll_interval_ms: 60_000 });
  await chain.stop?.();
  const stale = node.mine();
  const branch = [node.mine([], node.at(stale.height - 1), false)];
  branch.push(node.mine([], branch[0], false));
  node.faults.before = (method) => {
    if (method === 'getblockheader') node.select(branch[1] ?? stale);
  };
  const again = await view([node], { poll_interval_ms: 60_000 });
  expect(again.status()).toEqual({
    tip: { hash: branch[1]?.hash, height: stale.height + 1 },
    synced: true,
    silentSeconds: 0,
  });
});

test('a replacing branch is connected only when all of it was checked', async () => {
  const chain = await view();
  const tip = node.best;
  const branch = node.mineMany(3, node.at(tip.height - 2));
  const last = branch.at(-1);
  node.faults.tamper = (bytes, hash) => (hash === last?.hash ? bytes.subarray(0, bytes.length - 1) : bytes);
  await troubled(chain, 'policy.node-lies');
  expect(chain.isCanonical(tip)).toBe(true);
  delete node.faults.tamper;
  await reaches(chain, node.best);
  expect(chain.isCanonical(tip)).toBe(false);
});

test.each([
  ['overwritten with noise', async (file: string) => writeFile(file, Buffer.alloc(40_000, 0x5a))],
  ['cut in half', async (file: string) => writeFile(file, (await readFile(file)).subarray(0, 6_000))],
])('an index that was %s is rebuilt from the node', async (_how, damage) => {
  const first = await view();
  const deposit = node.mine([payment()]);
  await first.watch([SCRIPT], 0, context());
  await reaches(first, deposit);
  await first.stop?.();
  for (const suffix of ['-wal', '-shm']) await rm(join(dir, `chain.sqlite${suffix}`), { force: true });
  await damage(join(dir, 'chain.sqlite'));
  const second = await view();
  await reaches(second, deposit);
  expect(second.outputs(SCRIPT).outputs).toEqual([]);
  await second.watch([SCRIPT], 0, context());
  expect(second.outputs(SCRIPT).outputs).toMatchObject([{ blockHash: deposit.hash }]);
});

test('watched scripts and their outputs are still there after a restart, without searching again', async () => {
  const first = await view();
  const deposit = node.mine([payment()]);
  await first.watch([SCRIPT], 0, context());
  await first.stop?.();
  node.faults.hang = new Set(['getblock']);
  const second = await view();
  expect(second.outputs(SCRIPT).outputs).toMatchObject([{ blockHash: deposit.hash }]);
  await second.watch([SCRIPT], 0, context());
});

test('the next node takes over when the first one lies, and the lie stays visible', async () => {
  const second = await listening(new FakeNode());
  second.copy(node);
  const chain = await view([node, second]);
  expect(chain.describe?.()).toMatchObject({ node: new URL(node.url).host });
  node.faults.tamper = (bytes) => bytes.subarray(1);
  const block = node.mine();
  second.copy(node);
  await until(() => chain.status().tip.hash === block.hash, 'the block from the second node');
  expect(chain.describe?.()).toMatchObject({ node: new URL(second.url).host });
  expect(chain.status()).toMatchObject({ synced: true, trouble: { code: 'policy.node-lies' } });
});

test('nodes that report different tips for long are named trouble, and one of them goes on answering', async () => {
  const second = await listening(new FakeNode());
  second.copy(node);
  const chain = await view([node, second], { disagreement_ms: 100 });
  const block = node.mine();
  await troubled(chain, 'unavailable.nodes-disagree');
  await until(() => chain.status().tip.hash === block.hash, 'the new tip');
  expect(chain.status()).toMatchObject({ synced: true, trouble: { code: 'unavailable.nodes-disagree' } });
  second.copy(node);
  await until(() => chain.status().trouble === undefined, 'agreement');
});

test('blocks that were taken back are counted', async () => {
  const chain = await view();
  expect(chain.status().rolledBackBlocks).toBeUndefined();
  node.mineMany(4, node.at(node.best.height - 3));
  await reaches(chain, node.best);
  expect(chain.status().rolledBackBlocks).toBe(3);
});

test.each([
  ['scripts that are not hexadecimal', ['xyz'], 0],
  ['an empty script', [''], 0],
  ['a negative height', [SCRIPT], -1],
])('%s cannot be watched', async (_what, scripts, fromHeight) => {
  const chain = await view();
  await expect(chain.watch(scripts, fromHeight, context())).rejects.toMatchObject({ family: 'input' });
});

test('a view that was not started says so instead of answering', () => {
  const chain = bitcoin(plugin.parse({ rpc_url: node.url }, where))({ dataDir: dir, network: 'regtest' });
  expect(chain.view.status().trouble?.code).toBe('not-yet.chain-view');
  expect(() => chain.view.outputs(SCRIPT)).toThrow('call start first');
});
