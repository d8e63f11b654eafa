import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect } from '@jest/globals';
import type { Activities } from '../../../../activities/activities.ts';
import { toHex } from '../../../../domain/encoding/hex.ts';
import type { Outpoint, Terms } from '../../../../domain/vault/terms.ts';
import { displayHex, type Tx, txidOf, writeTx } from '../../../../plugins/chain/memory/transaction.ts';
import type { KeyRef } from '../../../../workflows/generate-key/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../../../workflows/open-vault/messages.ts';
import { agentsBy } from '../../rig/agents.ts';
import { startWorker } from '../../rig/rig.ts';
import { makeKey, rotatingWorld } from '../../rig/rotation.ts';
import type { OpenVault } from '../../rig/steps.ts';
import { AMOUNT_SATS, signedTerms, type TestWorld } from '../../rig/world.ts';
import type { Fate } from './cells.ts';
import { Holds } from './holds.ts';

/** Waits of the activities pass ten times as fast: what is handed in again after ten seconds is after one. */
const FASTER = 10;
/** A reorganisation of one cell never reaches what an earlier one left behind. */
const BLOCKS_BETWEEN = 8;
const PACE_MS = 400;
/** A sweep pauses ever longer between its passes. */
const BLOCKS_MAX = 200;

/** A chain of its own with five validators, a worker, and a key; cells run in it one after the other. */
export type Lane = {
  readonly env: TestWorkflowEnvironment;
  readonly world: TestWorld;
  readonly taskQueue: string;
  readonly holds: Holds;
  /** The key that gives addresses now; a rotation puts the next one in its place. */
  key: KeyRef;
  stop(): Promise<void>;
};

/** Processes are named after epochs, and validators make no key that is a thousand above their last. */
const EPOCHS_PER_LANE = 22;
let epochs = 1 - EPOCHS_PER_LANE;
export async function openLane(env: TestWorkflowEnvironment): Promise<Lane> {
  const beganMs = Date.now();
  const world = await rotatingWorld(
    agentsBy(Date.now, { confirmationsRequired: 1 }),
    () => beganMs + (Date.now() - beganMs) * FASTER,
  );
  epochs += EPOCHS_PER_LANE;
  const epoch = epochs;
  const holds = new Holds();
  const worker = await startWorker(env, { activities: holds.around(world.activities as Activities) });
  const { taskQueue } = worker;
  const stop = async (): Promise<void> => {
    holds.letGo();
    await worker.stop();
    await world.stop();
  };
  try {
    return { env, world, taskQueue, holds, key: await makeKey({ env, world, taskQueue }, epoch), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function openVaultIn(
  { env, world, taskQueue, key }: Lane,
  change: Partial<Terms> = {},
): Promise<OpenVault> {
  const deposit = { amountSats: AMOUNT_SATS, deadlineHeight: 1_000_000 };
  const terms = signedTerms(world, { deposit, ...change });
  const input = { network: world.deps.genesis.name, signedTerms: terms, key, watchFromHeight: 1 };
  const result = (await env.client.workflow.execute(OPEN_VAULT, startOpenVault(input, taskQueue))) as OpenVaultResult;
  if (result.outcome !== 'open') throw new Error(result.refusal.message);
  return result;
}

/** Coins of one vault, and how to bring back what a reorganisation took. */
export type Coins = { readonly outpoints: readonly Outpoint[]; readonly paid: readonly Tx[]; readonly sats: number };

/** In one block, `confirmations` deep. */
export async function fund(
  { world: { dev } }: Lane,
  script: string,
  confirmations: number,
  amounts: readonly number[] = [AMOUNT_SATS],
): Promise<Coins> {
  const outpoints: Outpoint[] = [];
  const paid: Tx[] = [];
  for (const amount of amounts) {
    const outpoint = await dev.fund(script, amount);
    const tx = dev.mempool.get(outpoint.txid);
    if (tx === undefined) throw new Error('the payment waits for a block');
    outpoints.push(outpoint);
    paid.push(tx);
  }
  await dev.mine(confirmations);
  return { outpoints, paid, sats: amounts.reduce((sum, amount) => sum + amount, 0) };
}

/** The last `depth` blocks give way to a branch that is one longer; where it leaves the old one. */
export async function reorganise({ world: { dev } }: Lane, depth: number, fate: Fate): Promise<number> {
  const fork = (await dev.tip()).height - depth;
  await dev.forkFrom(fork, depth + 1, { drop: fate === 'double-spent' || fate === 'payout orphaned' });
  return fork;
}

/** Another branch from the same place, in which the coins are there again. */
export async function bringBack({ world: { dev } }: Lane, fork: number, { paid }: Coins): Promise<void> {
  const { height } = await dev.tip();
  await dev.forkFrom(fork, height - fork + 1, { include: paid.map((tx) => writeTx(tx)) });
}

/** Block after block until it is over; a process that does not come to its end is a failure of the cell. */
export async function mineUntil<T>(
  { world: { dev } }: Lane,
  what: string,
  over: Promise<T> | (() => Promise<boolean>),
): Promise<T | undefined> {
  let result: { readonly value: T } | undefined;
  if (over instanceof Promise)
    void over.then(
      (value) => (result = { value }),
      () => undefined,
    );
  for (let block = 0; block < BLOCKS_MAX; block += 1) {
    if (result !== undefined) return (result as { readonly value: T }).value;
    if (typeof over === 'function' && (await over())) return undefined;
    await dev.mine(1);
    await pause(PACE_MS);
  }
  throw new Error(`never happened in ${BLOCKS_MAX} blocks: ${what}`);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const between = ({ world: { dev } }: Lane): Promise<unknown> => dev.mine(BLOCKS_BETWEEN);

/** What every cell must leave behind: each coin spent at most once in the chain, and only to the recorded script. */
export function spendsOf({ world: { dev } }: Lane, { outpoints }: Coins, script: string): number {
  const wanted = new Set(outpoints.map(({ txid, vout }) => `${txid}:${vout}`));
  const spends = dev.blocks.flatMap(({ transactions }) =>
    transactions.filter(({ inputs }) =>
      inputs.some((one) => wanted.has(`${displayHex(one.prevHash)}:${one.prevVout}`)),
    ),
  );
  const spent = spends.flatMap(({ inputs }) => inputs.map((one) => `${displayHex(one.prevHash)}:${one.prevVout}`));
  expect(new Set(spent).size).toBe(spent.length);
  for (const tx of spends)
    expect([txidOf(tx), ...tx.outputs.map((output) => toHex(output.script))]).toEqual([txidOf(tx), script]);
  return spends.length;
}
