import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import type { BitcoinNodeOptions, RunningBitcoinNode } from '../../../devnet/bitcoin/node-process.ts';
import { type BitcoinNodes, startBitcoinNodes } from '../../../devnet/bitcoin/nodes.ts';
import { buildRefundSpend } from '../../../devnet/bitcoin/refund-spend.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { callForResult } from '../../../plugins/chain/bitcoin/rpc.ts';
import type { DevChain } from '../../../plugins/testkit/dev-chain.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import type { TestKeyset } from '../../../threshold/testkit/keyset.ts';
import { OWNER_SECRET, testTerms } from '../../../threshold/testkit/terms.ts';
import { vaultOutput, vaultScript } from '../../../threshold/verify/vault-script.ts';
import { bothConstants, type ClassedVault, leafOf, signWithParity, twoVaultsPerClass } from '../parity-classes.ts';

const DEPOSIT_SATS = 1_000_000;
const FEE_SATS = 2_000;
const codec = transactionCodec('regtest');

const keysets = bothConstants();
const vaults = twoVaultsPerClass(keysets);

/** What a real node takes of what our code signs, and refuses. */
export function vaultSpendsOn(
  title: string,
  start: (options: BitcoinNodeOptions) => Promise<RunningBitcoinNode>,
): void {
  let dir = '';
  let running: BitcoinNodes | undefined;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'firebreak-vault-spends-'));
    const ports = [{ rpcPort: await loopbackPort(), p2pPort: await loopbackPort() }];
    running = await startBitcoinNodes({ start, dir, ports });
  });
  afterAll(async () => {
    await running?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  function chain(): DevChain {
    if (running === undefined) throw new Error('the node is not running');
    return running.chain;
  }

  /** What the node itself says: confirmations of a transaction in its best chain. */
  async function confirmationsOf(txid: string): Promise<number> {
    const node = running?.nodes[0];
    if (node === undefined) throw new Error('the node is not running');
    const answer = await callForResult(node.rpc, 'getrawtransaction', [txid, 1]);
    return Number((answer as { confirmations?: number | string }).confirmations ?? 0);
  }

  async function payoutOf(vault: ClassedVault) {
    const script = vaultScript(vault.keyset.key, vault.terms);
    const outpoint = await chain().fund(script, DEPOSIT_SATS);
    const payout = codec.buildPayout({
      inputs: [{ outpoint, amountSats: DEPOSIT_SATS, script }],
      payoutScript: vault.terms.payoutScript,
      feeSats: FEE_SATS,
    });
    const [sighash] = codec.sighashes(payout.transaction, [{ script, amountSats: DEPOSIT_SATS }]);
    if (sighash === undefined) throw new Error('a payout has an input');
    return { ...payout, sighash };
  }

  test(`${title}: there is a vault for each of the 16 combinations of parities, with a refund leaf and without`, () => {
    expect(vaults).toHaveLength(32);
    expect(new Set(vaults.map(({ parities }) => parities)).size).toBe(16);
    expect(new Set(vaults.map(({ parities, terms }) => `${parities} ${terms.refund !== undefined}`)).size).toBe(32);
  });

  test.each(vaults.map((vault) => [vault.parities, leafOf(vault.terms), vault] as const))(
    `${title}: a node mines the key-path spend when y of P0, P_N, O_N and R are %s, %s, and refuses it with a changed signature`,
    async (_parities, _leaf, vault) => {
      const { transaction, txid, sighash } = await payoutOf(vault);
      const signature = signWithParity(vault, sighash);
      const forged = signature.map((byte, i) => (i === 63 ? byte ^ 1 : byte));
      await expect(chain().pay(codec.attachSignatures(transaction, [forged]))).rejects.toThrow();
      expect(await chain().pay(codec.attachSignatures(transaction, [signature]))).toBe(txid);
      await chain().mine(1);
      expect(await confirmationsOf(txid)).toBe(1);
    },
  );

  test(`${title}: a node mines the sweep of a vault from one key to the next, and the payout that the next key signs from there`, async () => {
    const vault = vaults.find(({ keyset }) => keyset === keysets[0]?.keyset);
    const next = keysets[1]?.keyset;
    if (vault === undefined || next === undefined) throw new Error('there are two keys and a vault of the first');
    const { terms } = vault;
    const from = vaultScript(vault.keyset.key, terms);
    const to = vaultScript(next.key, terms);
    const spend = (
      outpoint: Outpoint,
      script: string,
      amountSats: number,
      payoutScript: string,
      keyset: TestKeyset,
    ) => {
      const built = codec.buildPayout({
        inputs: [{ outpoint, amountSats, script }],
        payoutScript,
        feeSats: FEE_SATS,
      });
      const [sighash = new Uint8Array(0)] = codec.sighashes(built.transaction, [{ script, amountSats }]);
      return {
        ...built,
        signed: codec.attachSignatures(built.transaction, [signWithParity({ ...vault, keyset }, sighash)]),
      };
    };
    const deposit = await chain().fund(from, DEPOSIT_SATS);
    const stolen = spend(deposit, from, DEPOSIT_SATS, to, next);
    await expect(chain().pay(stolen.signed)).rejects.toThrow();
    const sweep = spend(deposit, from, DEPOSIT_SATS, to, vault.keyset);
    expect(await chain().pay(sweep.signed)).toBe(sweep.txid);
    await chain().mine(1);
    const swept = { txid: sweep.txid, vout: 0 };
    const payout = spend(swept, to, DEPOSIT_SATS - FEE_SATS, terms.payoutScript, next);
    expect(await chain().pay(payout.signed)).toBe(payout.txid);
    await chain().mine(1);
    expect(await confirmationsOf(payout.txid)).toBe(1);
  });

  /** A vault whose refund opens `blocks` above the tip, funded and confirmed. */
  async function refundable(blocks: number) {
    const [classed] = keysets;
    if (classed === undefined) throw new Error('there are keysets');
    const { height } = await chain().tip();
    const lockHeight = height + blocks;
    const terms = testTerms(`refund at ${lockHeight}`, { refund: { lockHeight } });
    const outpoint = await chain().fund(vaultScript(classed.keyset.key, terms), DEPOSIT_SATS);
    await chain().mine(1);
    const spend = {
      vault: vaultOutput(classed.keyset.key, terms),
      ownerSecret: OWNER_SECRET,
      lockHeight,
      outpoint,
      amountSats: DEPOSIT_SATS,
      feeSats: FEE_SATS,
      toScript: terms.payoutScript,
    };
    return { lockHeight, spend };
  }

  test(`${title}: the owner alone gets the coins back from the lock height on, and not one block earlier`, async () => {
    const { lockHeight, spend } = await refundable(4);
    const refund = buildRefundSpend(spend);
    await expect(chain().pay(refund)).rejects.toThrow(/final/i);
    const early = buildRefundSpend({ ...spend, claimedHeight: (await chain().tip()).height });
    await expect(chain().pay(early)).rejects.toThrow(/failed to validate input|Locktime requirement not satisfied/);
    await chain().mine(lockHeight - 1 - (await chain().tip()).height);
    // A transaction may enter the block after its lock height: the tip is still one below.
    expect((await chain().tip()).height).toBe(lockHeight - 1);
    await expect(chain().pay(refund)).rejects.toThrow(/final/i);
    await chain().mine(1);
    const txid = await chain().pay(refund);
    await chain().mine(1);
    expect(await confirmationsOf(txid)).toBe(1);
  });

  test(`${title}: nobody but the owner passes the refund leaf`, async () => {
    const { lockHeight, spend } = await refundable(2);
    await chain().mine(lockHeight - (await chain().tip()).height);
    const stranger = buildRefundSpend({ ...spend, ownerSecret: new Uint8Array(32).fill(7) });
    await expect(chain().pay(stranger)).rejects.toThrow();
    expect(await chain().pay(buildRefundSpend(spend))).toMatch(/^[0-9a-f]{64}$/);
  });
}
