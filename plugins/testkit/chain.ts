import { schnorr } from '@noble/curves/secp256k1.js';
import type { ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import type { BitcoinNetwork } from '../../domain/network/network.ts';
import type { BitcoinChain, ChainEvent, WatchedOutput } from '../../domain/ports/chain.ts';
import type { EffectContext } from '../../domain/ports/context.ts';
import type { DevChain } from './dev-chain.ts';

/** One chain plug-in, started, with a view of its own, and the means to move the chain under it. */
export type ChainUnderTest = {
  readonly chain: BitcoinChain;
  readonly dev: DevChain;
  readonly network: BitcoinNetwork;
  /** The bound that the plug-in was configured with; the suite makes reorganisations of up to this depth and one beyond. */
  readonly reorgDepthMax: number;
  stop(): Promise<void>;
};

/** The part of jest (or another runner) that the suite uses. */
export type TestRunner = {
  test(title: string, run: () => Promise<void>, timeoutMs?: number): void;
  expect(value: unknown): Expectation;
};
export type Expectation = {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatchObject(expected: object): void;
  toBeUndefined(): void;
  toContain(expected: unknown): void;
  toBeGreaterThanOrEqual(expected: number): void;
  readonly rejects: { toMatchObject(expected: object): Promise<void> };
};

const WAIT_MS = 30_000;
const DEPOSIT_SATS = 1_000_000;
const FEE_SATS = 2_000;
let vaults = 0;

/** A one-key stand-in for a vault; each call makes another one, the same ones in each run. */
function newVault() {
  vaults += 1;
  const secret = fromHex(sha256Hex(new TextEncoder().encode(`compliance vault ${vaults}`)), 'secret', 32);
  const script = `5120${Buffer.from(schnorr.getPublicKey(secret)).toString('hex')}`;
  return { script, sign: (sighash: Uint8Array) => schnorr.sign(sighash, secret) };
}
type Vault = ReturnType<typeof newVault>;

export const within = (ms = WAIT_MS): EffectContext => ({
  idempotencyKey: 'compliance',
  signal: new AbortController().signal,
  deadlineMs: Date.now() + ms,
});

/** Resolves once `anchor` is canonical in the view. */
export async function reach(chain: BitcoinChain, anchor: ChainAnchor | undefined): Promise<void> {
  if (anchor === undefined) throw new Error('no block to wait for');
  if (chain.view.isCanonical(anchor)) return;
  const signal = AbortSignal.timeout(WAIT_MS);
  for await (const _event of chain.view.follow(chain.view.status().tip, signal)) {
    if (chain.view.isCanonical(anchor)) return;
  }
  throw new Error(`the view did not reach ${anchor.height} ${anchor.hash}: ${JSON.stringify(chain.view.status())}`);
}

/** Resolves once `condition` holds; for states that have no event. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A payout of all `outputs` to `payoutScript`, signed by the vault's key. */
export function signedPayout(
  chain: BitcoinChain,
  vault: Vault,
  outputs: readonly WatchedOutput[],
  payoutScript: string,
) {
  const plan = { inputs: outputs, payoutScript, feeSats: FEE_SATS };
  const payout = chain.codec.buildPayout(plan);
  const signatures = chain.codec.sighashes(payout.transaction, outputs).map(vault.sign);
  return { ...payout, signed: chain.codec.attachSignatures(payout.transaction, signatures) };
}

/** Compliance of a `BitcoinChain`: call it in a test file of your own with your runner and a factory. */
export function chainCompliance(
  name: string,
  { test, expect }: TestRunner,
  begin: () => Promise<ChainUnderTest>,
): void {
  const scenario = (title: string, run: (under: ChainUnderTest) => Promise<void>): void => {
    test(
      `${name}: ${title}`,
      async () => {
        const under = await begin();
        try {
          await run(under);
        } finally {
          await under.stop();
        }
      },
      4 * WAIT_MS,
    );
  };

  /** A watched vault with one deposit that is `depth` blocks deep. */
  const deposited = async ({ chain, dev }: ChainUnderTest, depth: number) => {
    const vault = newVault();
    await chain.view.watch([vault.script], (await dev.tip()).height, within());
    const outpoint = await dev.fund(vault.script, DEPOSIT_SATS);
    const blocks = await dev.mine(depth);
    await reach(chain, blocks.at(-1));
    return { vault, outpoint, blocks };
  };

  scenario(
    'a deposit is unseen in the mempool, then deeper with each block, and every answer names its tip',
    async (under) => {
      const { chain, dev } = under;
      const vault = newVault();
      await chain.view.watch([vault.script], 0, within());
      const outpoint = await dev.fund(vault.script, DEPOSIT_SATS);
      expect(chain.view.outputs(vault.script).outputs).toEqual([]);
      for (let confirmations = 1; confirmations <= 3; confirmations++) {
        const [block] = await dev.mine(1);
        await reach(chain, block);
        const { anchor, output } = chain.view.output(outpoint);
        expect(anchor).toEqual(block);
        expect(output).toMatchObject({ outpoint, script: vault.script, amountSats: DEPOSIT_SATS, confirmations });
        expect(output?.spentBy).toBeUndefined();
      }
    },
  );

  scenario('two deposits to one vault, in one block and later, are separate outputs', async (under) => {
    const { chain, dev } = under;
    const { vault, outpoint } = await deposited(under, 1);
    const second = await dev.fund(vault.script, DEPOSIT_SATS);
    const third = await dev.fund(vault.script, 777_777);
    await reach(chain, (await dev.mine(1))[0]);
    const { outputs } = chain.view.outputs(vault.script);
    const found = outputs.map((output) => `${output.outpoint.txid}:${output.amountSats}:${output.confirmations}`);
    expect(found.sort()).toEqual(
      [`${outpoint.txid}:${DEPOSIT_SATS}:2`, `${second.txid}:${DEPOSIT_SATS}:1`, `${third.txid}:777777:1`].sort(),
    );
  });

  scenario(
    'a script that is watched late is searched for from its height on, and as far below as a reorganisation may have put it',
    async (under) => {
      const { chain, dev } = under;
      const vault = newVault();
      const outpoint = await dev.fund(vault.script, DEPOSIT_SATS);
      const blocks = await dev.mine(under.reorgDepthMax + 2);
      const later = blocks.at(-1);
      await reach(chain, later);
      expect(chain.view.outputs(vault.script).outputs).toEqual([]);
      await chain.view.watch([vault.script], later?.height ?? 0, within());
      expect(chain.view.output(outpoint).output).toBeUndefined();
      for (let again = 0; again < 2; again++) {
        // One block lower, it could have been there before a reorganisation within the bound.
        await chain.view.watch([vault.script], (later?.height ?? 0) - 1, within());
        expect(chain.view.outputs(vault.script).outputs.map((output) => output.outpoint)).toEqual([outpoint]);
      }
    },
  );

  for (const fate of ['moves', 'vanishes'] as const) {
    scenario(`a deposit ${fate} in reorganisations of every depth up to the bound`, async (under) => {
      const { chain, dev } = under;
      for (let depth = 1; depth <= under.reorgDepthMax; depth++) {
        const { vault, outpoint, blocks } = await deposited(under, depth);
        const [old] = blocks;
        if (old === undefined) throw new Error('nothing was mined');
        const branch = await dev.forkFrom(old.height - 1, depth + 1, { drop: fate === 'vanishes' });
        await reach(chain, branch.at(-1));
        expect(chain.view.isCanonical(old)).toBe(false);
        const { anchor, output } = chain.view.output(outpoint);
        expect(anchor).toEqual(branch.at(-1));
        if (fate === 'moves') expect(output).toMatchObject({ blockHash: branch[0]?.hash, confirmations: depth + 1 });
        else expect(chain.view.outputs(vault.script).outputs).toEqual([]);
      }
    });
  }

  scenario(
    'a follower is told of rollbacks highest first, then of connects lowest first with their outputs',
    async (under) => {
      const { chain, dev } = under;
      const { outpoint, blocks } = await deposited(under, 3);
      const tip = blocks.at(-1) ?? { hash: '', height: 0 };
      const branch = await dev.forkFrom(tip.height - 3, 4);
      const events = await take(chain.view.follow(tip, AbortSignal.timeout(WAIT_MS)), 7);
      expect(events.map(({ kind, block }) => ({ kind, block }))).toEqual([
        ...[...blocks].reverse().map((block) => ({ kind: 'rollback', block })),
        ...branch.map((block) => ({ kind: 'connect', block })),
      ]);
      const [moved] = events.filter((event) => event.kind === 'connect');
      expect(moved?.outputs.map((output) => output.outpoint)).toEqual([outpoint]);
    },
  );

  scenario('a cursor that was replaced while nobody followed yields its rollback first', async (under) => {
    const { chain, dev } = under;
    const { blocks } = await deposited(under, 2);
    const cursor = blocks.at(-1) ?? { hash: '', height: 0 };
    const branch = await dev.forkFrom(cursor.height - 2, 3);
    await reach(chain, branch.at(-1));
    const [first] = await take(chain.view.follow(cursor, AbortSignal.timeout(WAIT_MS)), 1);
    expect(first).toEqual({ kind: 'rollback', block: cursor });
  });

  scenario('a cursor that no chain ever had is refused', async ({ chain }) => {
    const cursor = { hash: 'ab'.repeat(32), height: chain.view.status().tip.height };
    await expect(take(chain.view.follow(cursor, AbortSignal.timeout(WAIT_MS)), 1)).rejects.toMatchObject({
      code: 'input.cursor',
    });
  });

  scenario('following ends when its signal aborts', async ({ chain }) => {
    const stop = new AbortController();
    const all = take(chain.view.follow(chain.view.status().tip, stop.signal), 1);
    stop.abort();
    expect(await all).toEqual([]);
  });

  scenario('a reorganisation beyond the bound is named trouble and changes no answer', async (under) => {
    const { chain, dev, reorgDepthMax } = under;
    const { outpoint, blocks } = await deposited(under, reorgDepthMax + 1);
    const before = chain.view.output(outpoint);
    await dev.forkFrom((blocks[0]?.height ?? 1) - 1, reorgDepthMax + 2, { drop: true });
    await until(() => chain.view.status().trouble?.code === 'policy.reorg-too-deep', 'the alarm');
    expect(chain.view.status().synced).toBe(false);
    expect(chain.view.output(outpoint)).toEqual(before);
  });

  scenario(
    'a chain beyond the bound is followed once one of its blocks is named, and for no other block',
    async (under) => {
      const { chain, dev, reorgDepthMax } = under;
      const { outpoint, blocks } = await deposited(under, reorgDepthMax + 1);
      const branch = await dev.forkFrom((blocks[0]?.height ?? 1) - 1, reorgDepthMax + 2, { drop: true });
      await until(() => chain.view.status().trouble?.code === 'policy.reorg-too-deep', 'the alarm');
      const [first] = branch;
      if (first === undefined) throw new Error('a branch has blocks');
      chain.view.acceptBranch({ hash: 'ab'.repeat(32), height: first.height });
      chain.view.acceptBranch({ hash: first.hash, height: first.height + 1 });
      expect(chain.view.status().trouble?.code).toBe('policy.reorg-too-deep');
      expect(chain.view.isCanonical(first)).toBe(false);
      chain.view.acceptBranch(first);
      await reach(chain, branch.at(-1));
      await until(() => chain.view.status().synced, 'the view at its tip');
      expect(chain.view.status().trouble).toBeUndefined();
      expect(chain.view.output(outpoint).output).toBeUndefined();
      await reach(chain, (await dev.mine(1))[0]);
      await dev.forkFrom((blocks[0]?.height ?? 1) - 1, reorgDepthMax + 5);
      await until(() => chain.view.status().trouble?.code === 'policy.reorg-too-deep', 'the next alarm');
    },
  );

  for (const payee of ['P2TR', 'P2WPKH'] as const) {
    scenario(
      `a signed payout of three deposits to ${payee} is taken, confirmed and shown as their spend`,
      async (under) => {
        const { chain, dev } = under;
        const { vault } = await deposited(under, 1);
        await dev.fund(vault.script, DEPOSIT_SATS);
        await dev.fund(vault.script, DEPOSIT_SATS);
        await reach(chain, (await dev.mine(1))[0]);
        const { outputs } = chain.view.outputs(vault.script);
        const script = payee === 'P2TR' ? newVault().script : `0014${newVault().script.slice(4, 44)}`;
        const { signed, txid, vsize } = signedPayout(chain, vault, outputs, script);
        expect(vsize).toBe(chain.codec.payoutVsize(3, script));
        expect(await chain.broadcaster.whatBecameOf(txid, within())).toBe('unknown');
        expect(await chain.broadcaster.submit(signed, within())).toEqual({ txid, outcome: 'accepted' });
        expect(await chain.broadcaster.whatBecameOf(txid, within())).toBe('in-mempool');
        const [block] = await dev.mine(1);
        await reach(chain, block);
        expect(await chain.broadcaster.whatBecameOf(txid, within())).toBe('confirmed');
        const spends = chain.view.outputs(vault.script).outputs.map((output) => output.spentBy);
        const spentBy = { txid, blockHash: block?.hash, height: block?.height, confirmations: 1 };
        expect(spends).toEqual([spentBy, spentBy, spentBy]);
      },
    );
  }

  scenario(
    'broadcasting twice is harmless: the second receipt says that it is known, a third one that it is confirmed',
    async (under) => {
      const { chain, dev } = under;
      const { vault, outpoint } = await deposited(under, 1);
      const { output } = chain.view.output(outpoint);
      const { signed, txid } = signedPayout(chain, vault, output === undefined ? [] : [output], newVault().script);
      await chain.broadcaster.submit(signed, within());
      // Bitcoin Core answers a repeat as it answered the first time.
      expect(['accepted', 'already-known']).toContain((await chain.broadcaster.submit(signed, within())).outcome);
      await reach(chain, (await dev.mine(1))[0]);
      expect(await chain.broadcaster.submit(signed, within())).toEqual({ txid, outcome: 'already-confirmed' });
    },
  );

  scenario('a spend that loses its block in a reorganisation is a spend no longer', async (under) => {
    const { chain, dev } = under;
    const { vault, outpoint } = await deposited(under, 1);
    const { output } = chain.view.output(outpoint);
    const { signed } = signedPayout(chain, vault, output === undefined ? [] : [output], newVault().script);
    await chain.broadcaster.submit(signed, within());
    const [block] = await dev.mine(1);
    await reach(chain, block);
    const branch = await dev.forkFrom((block?.height ?? 1) - 1, 2, { drop: true });
    await reach(chain, branch.at(-1));
    expect(chain.view.output(outpoint).output?.spentBy).toBeUndefined();
    await reach(chain, (await dev.mine(1))[0]);
    expect(chain.view.output(outpoint).output?.spentBy?.confirmations).toBe(1);
  });

  scenario('a payout with a wrong signature has an unknown outcome, and the world does not know it', async (under) => {
    const { chain } = under;
    const { outpoint } = await deposited(under, 1);
    const { output } = chain.view.output(outpoint);
    const { signed, txid } = signedPayout(chain, newVault(), output === undefined ? [] : [output], newVault().script);
    await expect(chain.broadcaster.submit(signed, within())).rejects.toMatchObject({
      code: 'unknown-outcome.broadcast',
    });
    expect(await chain.broadcaster.whatBecameOf(txid, within())).toBe('unknown');
  });

  scenario('a fee is an estimate at or above the floor, or says that there is none', async ({ chain }) => {
    const fee = await chain.fees.estimate(6, within());
    const rate = fee.kind === 'estimate' ? fee.satsPerKvb : fee.floorSatsPerKvb;
    expect(Number.isSafeInteger(rate)).toBe(true);
    expect(rate).toBeGreaterThanOrEqual(100);
  });

  scenario(
    'the codec round-trips addresses and names dust limits, wrong networks and typing errors',
    async ({ chain, network }) => {
      const { codec } = chain;
      const script = newVault().script;
      const address = codec.addressOf(script);
      expect(codec.scriptOf(address)).toBe(script);
      expect(codec.dustLimitSats(script)).toBe(330);
      expect(codec.dustLimitSats(`0014${'11'.repeat(20)}`)).toBe(294);
      const foreign =
        network === 'mainnet'
          ? `tb1${address.slice(3)}`
          : 'bc1p2wsldez5mud2yam29q22wgfh9439spgduvct83k3pm50fcxa5dps59h4z5';
      const mistyped = address.slice(0, -1) + (address.endsWith('q') ? 'p' : 'q');
      for (const wrong of [foreign, mistyped, '', 'x'.repeat(500)]) {
        await expect(attempt(() => codec.scriptOf(wrong))).rejects.toMatchObject({ code: 'input.address' });
      }
    },
  );

  scenario(
    'the codec refuses dust, repeated outpoints, missing prevouts and bytes around a transaction',
    async ({ chain }) => {
      const { codec } = chain;
      const { script } = newVault();
      const input = { outpoint: { txid: '11'.repeat(32), vout: 1 }, amountSats: 10_000, script };
      const plan = { inputs: [input], payoutScript: script, feeSats: 1_000 };
      const { transaction, txid } = codec.buildPayout(plan);
      expect(codec.readTransaction(transaction)).toEqual({
        txid,
        inputs: [input.outpoint],
        outputs: [{ script, amountSats: 9_000 }],
      });
      const refusals: [string, () => unknown][] = [
        ['input.payout', () => codec.buildPayout({ ...plan, feeSats: 9_671 })],
        ['input.payout', () => codec.buildPayout({ ...plan, inputs: [input, input] })],
        ['input.payout', () => codec.buildPayout({ ...plan, inputs: [] })],
        ['input.payout', () => codec.buildPayout({ ...plan, feeSats: 0.5 })],
        ['input.prevouts', () => codec.sighashes(transaction, [])],
        ['input.prevouts', () => codec.sighashes(transaction, [{ ...input, amountSats: 0.5 }])],
        ['input.signature', () => codec.attachSignatures(transaction, [new Uint8Array(65)])],
        ['input.transaction', () => codec.readTransaction(Buffer.concat([transaction, Buffer.from([0])]))],
        ['input.transaction', () => codec.readTransaction(transaction.subarray(1))],
        ['input.transaction', () => codec.readTransaction(new Uint8Array(10))],
      ];
      codec.buildPayout({ ...plan, feeSats: 9_670 });
      for (const [code, run] of refusals) await expect(attempt(run)).rejects.toMatchObject({ code });
    },
  );
}

const attempt = async (run: () => unknown): Promise<unknown> => run();

async function take(events: AsyncIterable<ChainEvent>, count: number): Promise<ChainEvent[]> {
  const taken: ChainEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}
