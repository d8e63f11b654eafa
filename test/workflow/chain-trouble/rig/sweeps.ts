import { expect } from '@jest/globals';
import type { Activities } from '../../../../activities/activities.ts';
import { progressQuery } from '../../../../workflows/lib/messages.ts';
import { openVaultId } from '../../../../workflows/open-vault/messages.ts';
import { sweepVaultId, type SweepVaultPhase } from '../../../../workflows/sweep-vault/messages.ts';
import {
  startSweepVaults,
  SWEEP_VAULTS,
  type SweepVaultsPhase,
  type SweepVaultsResult,
} from '../../../../workflows/sweep-vaults/messages.ts';
import { eventually } from '../../rig/rig.ts';
import { rotate } from '../../rig/rotation.ts';
import type { OpenVault } from '../../rig/steps.ts';
import { type Fate, NO_PAYOUT, OVER, type Row, type Way } from './cells.ts';
import { bringBack, type Coins, fund, type Lane, mineUntil, openVaultIn, pause, reorganise, spendsOf } from './lane.ts';

const WATCHED_MS = 1_200;

/** The clock of the worker runs ahead of the one that the members sign by. */
export const votedUntil = () => {
  const nowMs = Date.now();
  return { nowMs, subject: { expiresAtSeconds: Math.floor(nowMs / 1_000) + 20 * 3_600 } };
};

type Sweeping = {
  readonly coins: Coins;
  readonly vault: OpenVault;
  readonly from: Lane['key'];
  readonly result: Promise<SweepVaultsResult>;
  /** Of the whole sweep, or of the one vault. */
  phase(of: 'vault' | 'all'): Promise<string>;
};

/** A vault with coins under a key that was succeeded, and the sweep of it. */
async function sweeping(
  lane: Lane,
  deposit: number,
  confirmations: number,
  held?: keyof Activities,
): Promise<Sweeping> {
  const { env, world, taskQueue } = lane;
  const vault = await openVaultIn(lane);
  const from = lane.key;
  const { key, sweep } = await rotate(lane, from.epoch, undefined, votedUntil());
  lane.key = key;
  const coins = await fund(lane, vault.script, deposit);
  if (held !== undefined) lane.holds.hold(held);
  const handle = await env.client.workflow.start(
    SWEEP_VAULTS,
    startSweepVaults({ ...sweep, confirmations }, taskQueue),
  );
  const result = handle.result() as Promise<SweepVaultsResult>;
  result.catch(() => undefined);
  const one = () => env.client.workflow.getHandle(sweepVaultId(world.deps.genesis.name, from.keyset, vault.vault));
  if (held !== undefined) await lane.holds.entered(held);
  return {
    coins,
    vault,
    from,
    result,
    phase: async (of) => (await (of === 'all' ? handle : one()).query(progressQuery)).phase,
  };
}

async function through(lane: Lane, { coins, vault, result }: Sweeping, depth: number, fate: Fate): Promise<string> {
  const fork = await reorganise(lane, depth, fate);
  lane.holds.letGo();
  const scripts = async (): Promise<string> => {
    const opened = lane.env.client.workflow.getHandle(openVaultId(lane.world.deps.genesis.name, vault.vault));
    return ((await opened.result()) as OpenVault).script;
  };
  if (fate === 'double-spent') {
    await pause(WATCHED_MS);
    await bringBack(lane, fork, coins);
  }
  const swept = await mineUntil(lane, 'the sweep ends', result);
  if (swept === undefined) throw new Error('it ended without a result');
  const spends = spendsOf(lane, coins, await scripts());
  if (fate !== 'double-spent') expect([swept.outcome, spends]).toEqual(['swept', 1]);
  const why = swept.outcome === 'incomplete' ? ` ${swept.left.map(({ code }) => code).join(' ')}` : '';
  return fate === 'double-spent' ? `${swept.outcome}${why}, ${spends} spent` : swept.outcome;
}

const depositFor = (depth: number, fate: Fate): number => (fate === 'kept' ? depth + 1 : depth);

const heldAt =
  (activity: keyof Activities): Way['run'] =>
  async (lane, depth, fate) =>
    through(lane, await sweeping(lane, depositFor(depth, fate), 1, activity), depth, fate);

async function mined(lane: Lane, deposit: number): Promise<Sweeping> {
  const one = await sweeping(lane, deposit, 2);
  await eventually('the sweep is broadcast', async () => lane.world.dev.mempool.size === 1);
  await lane.world.dev.mine(1);
  await eventually('the vault settles', async () => (await one.phase('vault')) === 'settling');
  return one;
}

async function settling(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const reachesDeposit = fate === 'moved' || fate === 'double-spent';
  if (reachesDeposit && depth < 3) {
    const one = await sweeping(lane, depth, 1);
    await eventually('the sweep is broadcast', async () => lane.world.dev.mempool.size === 1);
    await eventually('the vault settles', async () => (await one.phase('vault')) === 'settling');
    return through(lane, one, depth, fate);
  }
  return through(lane, await mined(lane, reachesDeposit ? depth - 1 : depth + 1), depth, fate);
}

async function unsettled(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const one = await mined(lane, fate === 'kept' ? depth + 1 : depth - 2);
  await pause(500);
  await reorganise(lane, 1, 'payout orphaned');
  await eventually('the vault is unsettled', async () => (await one.phase('vault')) === 'unsettled-by-reorg');
  return through(lane, one, depth, fate);
}

async function pausing(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const deposit = depositFor(depth, fate);
  const one = await sweeping(lane, deposit, deposit + 2);
  await eventually('it pauses', async () => (await one.phase('all')) === 'pausing');
  return through(lane, one, depth, fate);
}

const held = (activity: keyof Activities): Row => ({
  kept: { run: heldAt(activity) },
  moved: { run: heldAt(activity) },
  'double-spent': { run: heldAt(activity) },
  'payout orphaned': NO_PAYOUT,
});
const over: Row = { kept: OVER, moved: OVER, 'double-spent': OVER, 'payout orphaned': OVER };
const DEEP = 'the deposit lies four deep at least below a sweep that lost its block';

export const sweepVaultRows: Readonly<Record<SweepVaultPhase, Row>> = {
  planning: held('planSweep'),
  'collecting-commitments': held('askCommitments'),
  'collecting-partials': held('askPartials'),
  reopening: held('askTermsHeld'),
  broadcasting: held('broadcastPayout'),
  settling: {
    kept: { run: settling },
    moved: { run: settling },
    'double-spent': { run: settling },
    'payout orphaned': { run: settling },
  },
  'unsettled-by-reorg': {
    kept: { run: unsettled },
    moved: { from: [4, DEEP], run: unsettled },
    'double-spent': { from: [4, DEEP], run: unsettled },
    'payout orphaned': 'no block has the sweep in this phase; as soon as one has, it is the row settling',
  },
  swept: over,
  empty: over,
  waiting: over,
  refused: over,
};

export const sweepVaultsRows: Readonly<Record<SweepVaultsPhase, Row>> = {
  listing: held('listSweep'),
  sweeping: held('sweepListPart'),
  pausing: {
    kept: { run: pausing },
    moved: { run: pausing },
    'double-spent': { run: pausing },
    'payout orphaned': NO_PAYOUT,
  },
  swept: over,
  incomplete: over,
  refused: over,
};
