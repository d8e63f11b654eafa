import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { p2tr } from '@scure/btc-signer';
import type { BitcoinNodeOptions, RunningBitcoinNode } from '../../../devnet/bitcoin/node-process.ts';
import { type BitcoinNodes, startBitcoinNodes } from '../../../devnet/bitcoin/nodes.ts';
import { buildRefundSpend } from '../../../devnet/bitcoin/refund-spend.ts';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { plugin as bitcoin } from '../../../plugins/chain/bitcoin/index.ts';
import { type ChainUnderTest, chainCompliance, reach, until, within } from '../../../plugins/testkit/chain.ts';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import { refundScript } from '../../../threshold/verify/refund-leaf.ts';

const where: ConfigLocation = { file: 'chain-bitcoin.ts', lineOf: () => undefined };
const DEPTH = 6;

export type NodesUnderTest = {
  /** Which nodes, in the names of the tests. */
  readonly title: string;
  readonly start: (options: BitcoinNodeOptions, position: number) => Promise<RunningBitcoinNode>;
};

/** What chain/bitcoin does on three real nodes that make blocks together: the suite of its kind, and what only nodes have. Gives the nodes, once they run. */
export function chainBitcoinOn({ title, start }: NodesUnderTest): () => BitcoinNodes {
  let dir = '';
  let running: BitcoinNodes | undefined;
  let views = 0;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'firebreak-chain-'));
    const ports = [];
    for (let i = 0; i < 3; i++) ports.push({ rpcPort: await loopbackPort(), p2pPort: await loopbackPort() });
    running = await startBitcoinNodes({ start, dir, ports });
  });

  afterAll(async () => {
    await running?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const nodes = (): BitcoinNodes => {
    if (running === undefined) throw new Error('the nodes are not running');
    return running;
  };

  /** A fresh view on one of three nodes; blocks are made by all of them. */
  async function on(node: number): Promise<ChainUnderTest> {
    const target = nodes().nodes[node];
    const dataDir = await mkdtemp(join(dir, `view-${++views}-`));
    const section = {
      rpc_url: target?.url,
      rpc_user: target?.user,
      rpc_password_file: target?.passwordFile,
      poll_interval_ms: 50,
      reorg_depth_max: DEPTH,
    };
    const chain = bitcoin.create(bitcoin.parse(section, where))({ dataDir, network: 'regtest' });
    await chain.start?.(new AbortController().signal);
    return { chain, dev: nodes().chain, network: 'regtest', reorgDepthMax: DEPTH, stop: async () => chain.stop?.() };
  }

  chainCompliance(`chain/bitcoin on ${title}`, { test, expect }, () => on(1));

  test(`${title}: a payout that one node took reaches the other nodes`, async () => {
    const under = await on(2);
    try {
      const secret = fromHex(sha256Hex(Buffer.from('relayed vault')), 'secret');
      const script = `5120${toHex(schnorr.getPublicKey(secret))}`;
      await under.chain.view.watch([script], (await under.dev.tip()).height, within());
      const outpoint = await under.dev.fund(script, 500_000);
      await reach(under.chain, (await under.dev.mine(1))[0]);
      const { codec, broadcaster, view } = under.chain;
      const { output } = view.output(outpoint);
      const inputs = output === undefined ? [] : [output];
      const payout = codec.buildPayout({ inputs, payoutScript: script, feeSats: 2_000 });
      const [sighash] = codec.sighashes(payout.transaction, inputs);
      const signed = codec.attachSignatures(payout.transaction, [schnorr.sign(sighash ?? new Uint8Array(), secret)]);
      await broadcaster.submit(signed, within());
      const first = nodes().nodes[0]?.rpc;
      const end = Date.now() + 30_000;
      for (;;) {
        const pool = await first?.call('getrawmempool', []);
        if (pool?.ok === true && Array.isArray(pool.result) && pool.result.includes(payout.txid)) break;
        if (Date.now() > end) throw new Error('the payout was not relayed within 30 s');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await reach(under.chain, (await under.dev.mine(1))[0]);
    } finally {
      await under.stop();
    }
  });

  test(`${title}: the owner alone spends by the refund leaf from its lock height on, and not a block earlier`, async () => {
    const under = await on(0);
    try {
      const ownerSecret = fromHex(sha256Hex(Buffer.from('owner')), 'secret');
      const internalKey = schnorr.getPublicKey(fromHex(sha256Hex(Buffer.from('group')), 'secret'));
      const tip = await under.dev.tip();
      const lockHeight = tip.height + 4;
      const leaf = refundScript(lockHeight, schnorr.getPublicKey(ownerSecret));
      // The independent second opinion: btc-signer builds the output, our code spends it, the node judges.
      const payment = p2tr(internalKey, { script: leaf, leafVersion: 0xc0 }, undefined, true);
      const script = toHex(payment.script);
      const [control] = payment.tapLeafScript?.[0] ?? [];
      const vault = {
        outputKey: payment.script.slice(2),
        internalKey,
        outputKeyOdd: ((control?.version ?? 0) & 1) === 1,
      };
      await under.chain.view.watch([script], tip.height, within());
      const outpoint = await under.dev.fund(script, 500_000);
      await reach(under.chain, (await under.dev.mine(2))[1]);

      const spend = { vault, ownerSecret, lockHeight, outpoint, amountSats: 500_000, feeSats: 2_000, toScript: script };
      const refund = buildRefundSpend(spend);
      const { txid } = under.chain.codec.readTransaction(refund);
      const refused = { code: 'unknown-outcome.broadcast' };
      // A transaction that is locked to a height is final in the block after it.
      await expect(under.chain.broadcaster.submit(refund, within())).rejects.toMatchObject(refused);
      const early = buildRefundSpend({ ...spend, claimedHeight: lockHeight - 2 });
      await expect(under.chain.broadcaster.submit(early, within())).rejects.toMatchObject(refused);
      await under.dev.mine(2);
      await expect(under.chain.broadcaster.submit(early, within())).rejects.toMatchObject(refused);
      const stranger = buildRefundSpend({ ...spend, ownerSecret: fromHex(sha256Hex(Buffer.from('thief')), 'secret') });
      await expect(under.chain.broadcaster.submit(stranger, within())).rejects.toMatchObject(refused);

      expect(await under.chain.broadcaster.submit(refund, within())).toEqual({ txid, outcome: 'accepted' });
      await reach(under.chain, (await under.dev.mine(1))[0]);
      expect(under.chain.view.output(outpoint).output?.spentBy?.txid).toBe(txid);
    } finally {
      await under.stop();
    }
  });

  test(`${title}: a node that is killed and started again gets the blocks it missed, and the view on it goes on by itself`, async () => {
    const under = await on(0);
    try {
      const [node] = nodes().nodes;
      await node?.kill();
      await until(() => under.chain.view.status().trouble?.code === 'unavailable.node-down', 'the outage');
      const missed = await under.dev.mine(2);
      await nodes().restart(0);
      await reach(under.chain, (await under.dev.mine(1))[0]);
      expect(missed.map((block) => under.chain.view.isCanonical(block))).toEqual([true, true]);
      await until(() => under.chain.view.status().trouble === undefined, 'the recovery');
    } finally {
      await under.stop();
    }
  });

  test(`${title}: an index that was left behind is continued after a restart, through a reorganisation that nobody saw`, async () => {
    const node = nodes().nodes[0];
    const dataDir = await mkdtemp(join(dir, 'restart-'));
    const section = {
      rpc_url: node?.url,
      rpc_user: node?.user,
      rpc_password_file: node?.passwordFile,
      poll_interval_ms: 50,
    };
    const open = () => bitcoin.create(bitcoin.parse(section, where))({ dataDir, network: 'regtest' });
    const script = `5120${toHex(schnorr.getPublicKey(fromHex(sha256Hex(Buffer.from('restart')), 'secret')))}`;
    const first = open();
    await first.view.start?.(new AbortController().signal);
    await first.view.watch([script], 0, within());
    const outpoint = await nodes().chain.fund(script, 400_000);
    const [block] = await nodes().chain.mine(2);
    await reach(first, block);
    const cursor = first.view.status().tip;
    await first.view.stop?.();
    const branch = await nodes().chain.forkFrom((block?.height ?? 1) - 1, 4);
    const second = open();
    await second.view.start?.(new AbortController().signal);
    try {
      await reach(second, branch.at(-1));
      expect(second.view.output(outpoint).output).toMatchObject({ blockHash: branch[0]?.hash, confirmations: 4 });
      for await (const event of second.view.follow(cursor, AbortSignal.timeout(30_000))) {
        expect(event).toEqual({ kind: 'rollback', block: cursor });
        break;
      }
    } finally {
      await second.view.stop?.();
    }
  });

  return nodes;
}
