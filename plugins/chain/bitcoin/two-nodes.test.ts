import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BitcoinChain } from '../../../domain/ports/chain.ts';
import { bitcoin, plugin } from './index.ts';
import { FakeNode, paymentTo } from './testkit/fake-node.ts';

const SCRIPT = `5120${'ab'.repeat(32)}`;
/** Ends what hangs: on a loaded machine events come late. */
const WAIT_MS = 60_000;
let dir = '';
let node: FakeNode;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firebreak-nodes-'));
  node = await listening(new FakeNode());
  node.mineMany(12);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(dir, { recursive: true, force: true });
});

async function listening(fake: FakeNode): Promise<FakeNode> {
  await fake.listen();
  cleanups.push(() => fake.close());
  return fake;
}

/** A started view on two nodes with the same chain, and what it says of each. */
async function onTwo(settings: object = {}) {
  const second = await listening(new FakeNode());
  second.copy(node);
  const urls = [node.url, second.url];
  const section = { rpc_urls: urls, poll_interval_ms: 20, rpc_timeout_ms: 1_000, ...settings };
  const where = { file: 'two-nodes.test.ts', lineOf: () => undefined };
  const { view } = bitcoin(plugin.parse(section, where))({ dataDir: dir, network: 'regtest' });
  await view.start?.(new AbortController().signal);
  cleanups.push(async () => view.stop?.());
  const of = (one: FakeNode) => view.status().nodes?.find(({ name }) => name === new URL(one.url).host);
  return { second, chain: view, of };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const reaches = (chain: BitcoinChain['view'], block: { readonly hash: string }) =>
  until(() => chain.status().tip.hash === block.hash && chain.status().synced, `block ${block.hash}`);
const troubled = (chain: BitcoinChain['view'], code: string) =>
  until(() => chain.status().trouble?.code === code, `${code}, it is ${JSON.stringify(chain.status())}`);

test('of nodes that disagree each is named, with the block that it is at and how that lies to our chain', async () => {
  const { second, chain, of } = await onTwo({ disagreement_ms: 100 });
  expect(of(node)?.isInUse).toBe(true);
  const { height } = node.best;
  const theirs = second.mineMany(1, second.at(height - 2)).at(-1);
  node.mineMany(2);
  await troubled(chain, 'unavailable.nodes-disagree');
  const left = `${new URL(second.url).host} left our chain after block ${height - 2}, and is at block ${theirs?.hash.slice(0, 16)} at ${height - 1}`;
  const says = [left, `${new URL(node.url).host} has our tip`];
  await until(() => says.every((part) => chain.status().trouble?.message.includes(part) === true), 'both named');
  expect(of(second)).toMatchObject({ isInUse: false, tipHeight: height - 1, code: 'unavailable.nodes-disagree' });
  expect(of(node)?.code).toBeUndefined();
  second.copy(node);
  await until(() => chain.status().trouble === undefined, 'agreement');
  expect(of(second)?.says).toContain('has our tip');
});

test('a node that is stuck at an old block, or ahead of the one in use, is named so', async () => {
  const { second, chain, of } = await onTwo({ disagreement_ms: 100 });
  node.mineMany(2);
  await until(() => of(second)?.says.includes('is 2 blocks behind us') === true, 'the stuck node');
  second.copy(node);
  second.mineMany(3);
  await until(() => of(second)?.says.includes('is 3 blocks ahead of us') === true, 'the stuck node in use');
  await troubled(chain, 'unavailable.nodes-disagree');
});

test.each<[string, string, (second: FakeNode) => unknown]>([
  [
    'is on another network',
    'policy.wrong-network',
    (second) => {
      second.faults.genesis = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';
      second.mine();
    },
  ],
  ['shows headers without work', 'policy.node-lies', (second) => second.mineWithoutWork()],
])('a node beside the one in use that %s is trouble at once, and named', async (_how, code, spoil) => {
  const { second, chain, of } = await onTwo({ disagreement_ms: 60_000 });
  spoil(second);
  await troubled(chain, code);
  expect(chain.status()).toMatchObject({ synced: true, tip: { hash: node.best.hash } });
  expect(chain.status().trouble?.message).toContain(new URL(second.url).host);
  expect(of(second)?.code).toBe(code);
  delete second.faults.genesis;
  second.copy(node);
  await until(() => chain.status().trouble === undefined, 'the end of it');
});

test('a node beside the one in use that is down is named and takes nothing away', async () => {
  const { second, chain, of } = await onTwo();
  await second.close();
  await until(() => of(second)?.code === 'unavailable.node-down', 'the name of the node');
  expect(chain.status().trouble).toBeUndefined();
  expect(chain.status().synced).toBe(true);
});

test('of two branches that take turns each is followed when it has more work, and what only one of them has comes and goes', async () => {
  const { chain, second } = await onTwo({ reorg_depth_max: 6 });
  await second.close();
  await chain.watch([SCRIPT], 0, { signal: new AbortController().signal, deadlineMs: Date.now() + WAIT_MS });
  const fork = node.best;
  const paid = paymentTo(SCRIPT, 10_000, { txid: '01'.padStart(64, '0'), vout: 0 });
  let left = node.mine([paid], fork);
  await reaches(chain, left);
  let right = fork;
  for (const isRight of [true, false, true, false, true]) {
    if (isRight) while (right.height <= left.height) right = node.mine([], right);
    else while (left.height <= right.height) left = node.mine([], left);
    await reaches(chain, isRight ? right : left);
    expect(chain.outputs(SCRIPT).outputs).toHaveLength(isRight ? 0 : 1);
  }
  expect(chain.status()).toMatchObject({ synced: true });
  expect(chain.status().trouble).toBeUndefined();
});

test('a node that announces a block and withholds it is named, and the other one serves it', async () => {
  const { second, chain, of } = await onTwo();
  const block = node.mine();
  node.faults.missing = new Set([block.hash]);
  second.copy(node);
  await reaches(chain, block);
  expect(of(node)).toMatchObject({ isInUse: false, code: 'unavailable.node-refused' });
  expect(of(node)?.says).toContain(block.hash);
  expect(of(second)).toMatchObject({ isInUse: true });
});
