import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startBtcd } from '../../devnet/bitcoin/btcd.ts';
import type { BitcoinNodeOptions, RunningBitcoinNode } from '../../devnet/bitcoin/node-process.ts';
import { type BitcoinNodes, startBitcoinNodes } from '../../devnet/bitcoin/nodes.ts';
import type { BitcoinChain } from '../../domain/ports/chain.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import { plugin as bitcoin } from '../../plugins/chain/bitcoin/index.ts';
import { reach, until, within } from '../../plugins/testkit/chain.ts';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { toolPath } from '../../toolchain/tools.mjs';

/** Real nodes that an operator may point a validator at by mistake, or on a small disk. */
const where: ConfigLocation = { file: 'other-nodes.test.ts', lineOf: () => undefined };
/** The least that btcd takes. */
const PRUNE_MIB = 1_536;
const SCRIPT = `5120${'ab'.repeat(32)}`;

let dir = '';
let regtest: BitcoinNodes | undefined;
const others: RunningBitcoinNode[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firebreak-other-nodes-'));
});

afterAll(async () => {
  for (const node of others) await node.stop();
  await regtest?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function viewOn(node: RunningBitcoinNode): Promise<BitcoinChain> {
  const dataDir = await mkdtemp(join(dir, 'view-'));
  const section = {
    rpc_url: node.url,
    rpc_user: node.user,
    rpc_password_file: node.passwordFile,
    poll_interval_ms: 50,
    reorg_depth_max: 6,
  };
  const chain = bitcoin.create(bitcoin.parse(section, where))({ dataDir, network: 'regtest' });
  await chain.view.start?.(new AbortController().signal);
  return chain;
}

test('a real node of another network is named, and nothing is read from it', async () => {
  const binary = await toolPath('btcd');
  const simnet = await startBtcd({
    binary,
    dir: join(dir, 'simnet'),
    rpcPort: await loopbackPort(),
    network: 'simnet',
  });
  others.push(simnet);
  const { view } = await viewOn(simnet);
  try {
    await until(() => view.status().trouble !== undefined, 'the trouble to be named');
    expect(view.status()).toMatchObject({
      synced: false,
      trouble: { code: 'policy.wrong-network' },
      tip: { height: 0 },
    });
  } finally {
    await view.stop?.();
  }
});

test('a real node that prunes and still has every block that is needed is used as any other', async () => {
  const binary = await toolPath('btcd');
  const ports = { rpcPort: await loopbackPort(), p2pPort: await loopbackPort() };
  const start = (options: BitcoinNodeOptions) => startBtcd({ ...options, binary });
  regtest = await startBitcoinNodes({ start, dir: join(dir, 'regtest'), ports: [ports] });
  const connect = [`127.0.0.1:${ports.p2pPort}`];
  const rpcPort = await loopbackPort();
  const pruning = await startBtcd({ binary, dir: join(dir, 'pruning'), rpcPort, connect, pruneMib: PRUNE_MIB });
  others.push(pruning);
  const info = await pruning.rpc.call('getblockchaininfo', []);
  expect(info.ok && info.result).toMatchObject({ pruned: true });
  const chain = await viewOn(pruning);
  try {
    await chain.view.watch([SCRIPT], 0, within());
    const outpoint = await regtest.chain.fund(SCRIPT, 300_000);
    await reach(chain, (await regtest.chain.mine(1))[0]);
    expect(chain.view.output(outpoint).output).toMatchObject({ amountSats: 300_000, confirmations: 1 });
    expect(chain.view.status().trouble).toBeUndefined();
  } finally {
    await chain.view.stop?.();
  }
});
