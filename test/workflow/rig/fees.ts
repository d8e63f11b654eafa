import { expect } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { BlobRef } from '../../../domain/ports/blob-store.ts';
import type { Outpoint, ReleaseRequest, Sats } from '../../../domain/vault/terms.ts';
import { writeTx } from '../../../plugins/chain/memory/transaction.ts';
import { PAY_OUT, type PayOutInput, type SignedAtFee, startPayOut } from '../../../workflows/pay-out/messages.ts';
import { eventually } from './rig.ts';
import type { OpenVault } from './steps.ts';
import { PAYOUT_SCRIPT, signedRelease, type TestWorld } from './world.ts';

export const LADDER: readonly Sats[] = [500, 1_000, 2_000, 4_000];
const [LOWEST = 0, ...HIGHER] = LADDER;
/** Blocks that pass a payout by before it is looked at. */
export const BLOCKS = 2;

type Place = { readonly env: TestWorkflowEnvironment; readonly world: TestWorld; readonly taskQueue: string };
type Choice = {
  readonly request?: Partial<ReleaseRequest>;
  readonly input?: Partial<PayOutInput>;
  /** Of a coordinator that knows nothing of the other ones. */
  readonly coordinator?: string;
};

/** A payout whose release key signed the whole ladder beforehand. */
export function startClimbing(
  { env, world, taskQueue }: Place,
  { vault, key }: OpenVault,
  outpoints: readonly Outpoint[],
  choice: Choice = {},
) {
  const fees = { feeSats: LOWEST, higherFeesSats: HIGHER, ...choice.request };
  const input: PayOutInput = {
    network: world.deps.genesis.name,
    signedReleaseRequest: signedRelease(world, vault, outpoints, undefined, undefined, fees),
    key,
    watchFromHeight: 1,
    confirmations: 2,
    sessionSeconds: 5,
    bumpAfterBlocks: BLOCKS,
    ...choice.input,
  };
  const start = startPayOut(input, taskQueue);
  const workflowId = `${start.workflowId}${choice.coordinator ?? ''}`;
  return env.client.workflow.start(PAY_OUT, { ...start, workflowId });
}

/** Blocks of others, which leave everything waiting. */
async function passBy(world: TestWorld, blocks: number): Promise<void> {
  await world.dev.forkFrom((await world.dev.tip()).height, blocks);
}

/** Blocks of others, one after the other, until something has happened. */
export const passByUntil = (world: TestWorld, what: string, look: () => Promise<boolean>): Promise<void> =>
  eventually(what, async () => {
    if (await look()) return true;
    await passBy(world, 1);
    return look();
  });

/** What every validator's node estimates for a payout of one deposit. */
export function estimateOf(world: TestWorld, feeSats: Sats): void {
  const vsize = world.deps.chain.codec.payoutVsize(1, PAYOUT_SCRIPT);
  for (const validator of world.validators.values()) validator.feeSatsPerKvb = Math.floor((feeSats * 1_000) / vsize);
}

const amountsAt = (outputs: readonly { readonly valueSats: bigint }[]): number =>
  outputs.reduce((sum, { valueSats }) => sum + Number(valueSats), 0);

/** Fees of what waits for a block, by what is missing from the deposit; the bytes of each. */
export function waiting(world: TestWorld, depositSats: Sats): { readonly feeSats: Sats; readonly bytes: Uint8Array }[] {
  return [...world.dev.mempool.values()].map((tx) => ({
    feeSats: depositSats - amountsAt(tx.outputs),
    bytes: writeTx(tx),
  }));
}

/** Of everything that was signed at most one is in the chain, and all of it is over exactly these coins to exactly the recorded script. */
export async function expectOnePayment(
  world: TestWorld,
  outpoints: readonly Outpoint[],
  signed: readonly SignedAtFee[],
  winner: string,
): Promise<void> {
  const { codec, view } = world.chain;
  const context = { signal: AbortSignal.timeout(5_000), deadlineMs: Date.now() + 5_000 };
  const read = async (transaction: BlobRef) => codec.readTransaction(await world.deps.blobs.get(transaction, context));
  for (const one of signed) {
    const { txid, inputs, outputs } = await read(one.transaction);
    expect([txid, inputs]).toEqual([one.txid, outpoints]);
    expect(outputs.map(({ script }) => script)).toEqual([PAYOUT_SCRIPT]);
  }
  expect(new Set(signed.map(({ txid }) => txid)).size).toBe(signed.length);
  const paid = view.outputs(PAYOUT_SCRIPT).outputs.map(({ outpoint: { txid } }) => txid);
  expect(paid).toEqual([winner]);
}
