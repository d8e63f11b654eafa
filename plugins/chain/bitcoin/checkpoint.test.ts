import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { anchorHeight, checkHeight, checkWorkAbove } from './checkpoint.ts';
import { headerFault, readHeader, retarget, targetOf, workOf } from './header.ts';
import { type NetworkParams, paramsOf } from './network-params.ts';
import { NodePool } from './nodes.ts';
import { connectRpc } from './rpc.ts';
import { type FakeBlock, FakeNode, paymentTo } from './testkit/fake-node.ts';
import { BitcoinView } from './view.ts';

/** For a machine that is busy; nothing waits for time to pass. */
const WAIT_MS = 60_000;
const SCRIPT = `5120${'cd'.repeat(32)}`;
const CHECKPOINT_HEIGHT = 5;
const ABOVE_MIN = 4;

/** Block 910,000 of mainnet as `getblockheader` gives it. */
const BLOCK_910000 =
  '00a0572be06d4f01a2ed2228dec965539cc8b96512ccde7d2824010000000000000000006f28c30dc748f6b1430fb2b9a5a94b5b34a5df6e318c6cc5c310a1a35b432b59a3ab9d68b32c021719d103e9';
const mainnet = paramsOf('mainnet');
const anonymous = () => Promise.resolve(undefined);
const rpc = connectRpc({ url: 'http://127.0.0.1:1/', authorization: anonymous, timeoutMs: 100, maxResponseBytes: 1 });

let dir = '';
let node: FakeNode;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firebreak-checkpoint-'));
  node = new FakeNode();
  await node.listen();
  cleanups.push(() => node.close());
  node.mineMany(CHECKPOINT_HEIGHT + ABOVE_MIN - 1);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(dir, { recursive: true, force: true });
});

/** Regtest with a checkpoint like mainnet's, at a block of this test's chain; `undefined` is a network without one. */
function paramsWith(block: FakeBlock | undefined): NetworkParams {
  const { checkpoint: _, ...regtest } = paramsOf('regtest');
  if (block === undefined) return regtest;
  return { ...regtest, checkpoint: { height: block.height, hash: block.hash, blocksAboveMin: ABOVE_MIN } };
}

async function view(params: NetworkParams, startHeight?: number, lowerHeaders?: number): Promise<BitcoinView> {
  const client = connectRpc({ url: node.url, authorization: anonymous, timeoutMs: 1_000, maxResponseBytes: 1 << 20 });
  const chain = new BitcoinView({
    params,
    reorgDepthMax: 6,
    ...(startHeight === undefined ? {} : { startHeight }),
    ...(lowerHeaders === undefined ? {} : { lowerHeaders }),
    indexFile: join(dir, 'chain.sqlite'),
    pollIntervalMs: 20,
    disagreementMs: 60_000,
    nodes: new NodePool([client], params, 20),
    nodeCount: 1,
    logger: { info: () => undefined, warn: () => undefined },
  });
  await chain.start(new AbortController().signal);
  cleanups.push(() => chain.stop());
  return chain;
}

async function until(chain: BitcoinView, condition: () => boolean): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS} ms, it is ${JSON.stringify(chain.status())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const context = () => ({ signal: new AbortController().signal, deadlineMs: Date.now() + WAIT_MS });

test('the checkpoint of mainnet is the block whose header hashes to it, and that header has its work', () => {
  const header = readHeader(Buffer.from(BLOCK_910000, 'hex'));
  expect(header?.hash).toBe(mainnet.checkpoint?.hash);
  if (header === undefined) return;
  expect(headerFault(header, 910_000, () => undefined, mainnet)).toBeUndefined();
  // 2^76 hashes each: whoever invents the 2,016 blocks that must follow mines for two weeks with all miners of 2025.
  expect(workOf(header)).toBeGreaterThan(2n ** 76n);
  expect(anchorHeight({ height: 910_000, hash: '', blocksAboveMin: 0 })).toBe(451 * 2_016);
});

test('another block at the height of the checkpoint is named', () => {
  const other = readHeader(Buffer.from(BLOCK_910000, 'hex'));
  if (other === undefined) throw new Error('not a header');
  const params = { ...mainnet, checkpoint: { height: 910_000, hash: '00'.repeat(32), blocksAboveMin: 0 } };
  expect(headerFault(other, 910_000, () => undefined, params)).toContain('than the checkpoint');
  expect(headerFault(other, 909_999, () => undefined, params)).toBeUndefined();
});

test('a mainnet index cannot begin with a chain of minimum work', () => {
  const { checkpoint } = mainnet;
  const header = readHeader(Buffer.from(BLOCK_910000, 'hex'));
  if (checkpoint === undefined || header === undefined) throw new Error('mainnet has no checkpoint');
  expect(() => checkHeight(rpc, checkpoint, 144)).toThrow(checkpoint.hash);
  const invented = (bits: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ header: { hash: '', bits }, height: 910_001 + i }));
  const base = { header, height: 910_000 };
  expect(() => checkWorkAbove(rpc, checkpoint, [base, ...invented(0x1d00ffff, 60_000)])).toThrow('less work above');
  expect(() => checkWorkAbove(rpc, checkpoint, [base, ...invented(header.bits, 2_015)])).toThrow('less work above');
  checkWorkAbove(rpc, checkpoint, [base, ...invented(header.bits, 2_016)]);
  // The difficulty cannot be dropped before a whole period was mined at the old one, and then by a factor of four at most.
  const easiest = retarget(targetOf(header.bits) ?? 0n, Number.MAX_SAFE_INTEGER, mainnet.targetMax);
  expect(workOf({ bits: easiest }) * 5n).toBeGreaterThan(workOf(header));
});

test('a build whose checkpoint is too far below the tip says that it is old, and what to install, and accuses no node', () => {
  const { checkpoint } = mainnet;
  if (checkpoint === undefined) throw new Error('mainnet has no checkpoint');
  const highest = anchorHeight(checkpoint) + 200_000;
  checkHeight(rpc, checkpoint, highest);
  const old = thrownBy(() => checkHeight(rpc, checkpoint, highest + 1));
  expect(old).toMatchObject({ code: 'policy.checkpoint-old' });
  expect(old.message).toMatch(/^this build is too old .* Install a newer build/);
});

test('an empty index takes no chain without the checkpoint, and the real one as soon as it is there', async () => {
  const real = node.at(CHECKPOINT_HEIGHT);
  const [fork] = node.mineMany(30, node.at(CHECKPOINT_HEIGHT - 1));
  const invented = node.best;
  const chain = await view(paramsWith(real));
  await until(chain, () => chain.status().trouble?.code === 'policy.node-lies');
  expect(chain.status()).toMatchObject({ synced: false, tip: { height: 0 } });
  expect(chain.isCanonical({ hash: fork?.hash ?? '', height: CHECKPOINT_HEIGHT })).toBe(false);
  node.mineMany(ABOVE_MIN, real);
  await until(chain, () => chain.status().synced);
  expect(chain.isCanonical(real)).toBe(true);
  expect(chain.isCanonical(invented)).toBe(false);
});

test('an empty index waits until the node has the work that is known to exist above the checkpoint', async () => {
  const params = paramsWith(node.at(CHECKPOINT_HEIGHT));
  const short = node.best;
  node.select(node.at(CHECKPOINT_HEIGHT - 1));
  const chain = await view(params);
  expect(chain.status()).toMatchObject({ synced: false, trouble: { code: 'unavailable.node-behind' } });
  node.select(short);
  await until(chain, () => chain.status().trouble?.message.includes(`ends at height ${short.height}`) === true);
  node.mine();
  await until(chain, () => chain.status().synced);
  expect(chain.status().tip).toEqual({ hash: node.best.hash, height: node.best.height });
});

test('an index that begins near the tip still reaches down to the checkpoint', async () => {
  const checkpoint = node.at(CHECKPOINT_HEIGHT);
  node.mine();
  const chain = await view(paramsWith(checkpoint), node.best.height);
  expect(chain.isCanonical(checkpoint)).toBe(true);
});

test('a branch that replaces the checkpoint is refused whatever its work', async () => {
  const checkpoint = node.mine();
  const params = { ...paramsWith(checkpoint), checkpoint: { ...checkpoint, blocksAboveMin: 0 } };
  const chain = await view(params);
  await until(chain, () => chain.status().synced);
  node.mineMany(3, node.at(checkpoint.height - 1));
  await until(chain, () => chain.status().trouble?.code === 'policy.node-lies');
  expect(chain.isCanonical(checkpoint)).toBe(true);
});

test('without a checkpoint the index begins below the tip and grows downwards, slice by slice, when a script is watched from there', async () => {
  const deposit = node.mine([paymentTo(SCRIPT, 10_000, { txid: '11'.repeat(32), vout: 0 })]);
  node.mineMany(70);
  const chain = await view(paramsWith(undefined), node.best.height - 1, 32);
  await until(chain, () => chain.status().synced);
  expect(chain.isCanonical(deposit)).toBe(false);
  await chain.watch([SCRIPT], deposit.height, context());
  expect(chain.isCanonical(deposit)).toBe(true);
  expect(chain.outputs(SCRIPT).outputs).toMatchObject([{ confirmations: 71 }]);
});
