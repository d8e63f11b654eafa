import { expect } from '@jest/globals';
import type { Terms } from '../../../../domain/vault/terms.ts';
import {
  closeDepositUpdate,
  CONFIRM_DEPOSIT,
  type ConfirmDepositResult,
  depositQuery,
  type DepositState,
  startConfirmDeposit,
} from '../../../../workflows/confirm-deposit/messages.ts';
import { eventually } from '../../rig/rig.ts';
import { rotate } from '../../rig/rotation.ts';
import type { OpenVault } from '../../rig/steps.ts';
import { AMOUNT_SATS, PAYOUT_SCRIPT } from '../../rig/world.ts';
import { type Fate, OVER, type Row } from './cells.ts';
import { bringBack, type Coins, fund, type Lane, mineUntil, openVaultIn, reorganise, spendsOf } from './lane.ts';
import { startPaying } from './payouts.ts';
import { votedUntil } from './sweeps.ts';

const MANY = 12;
const SECOND = 'after a first reorganisation the deposit lies two deep at least';

async function watched(lane: Lane, { vault, key, script }: OpenVault, confirmations: number) {
  const input = { network: lane.world.deps.genesis.name, vault, key, script, watchFromHeight: 1, confirmations };
  const handle = await lane.env.client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(input, lane.taskQueue));
  const report = () => handle.query(depositQuery);
  const is = (state: DepositState) => async () => (await report()).state === state;
  return {
    handle,
    report,
    is,
    reaches: (state: DepositState) => eventually(`the deposit is ${state}`, is(state), 20_000),
    close: async (): Promise<void> => {
      await handle.executeUpdate(closeDepositUpdate, { args: [{ reason: 'the cell is over' }] });
      const ended = (await handle.result()) as ConfirmDepositResult;
      expect(ended.outcome).toBe('closed');
    },
  };
}
type Watch = Awaited<ReturnType<typeof watched>>;

/** After the reorganisation: named, and in the end as it was before, or settled where the payout was out of the chain meanwhile. */
async function through(
  lane: Lane,
  watch: Watch,
  coins: Coins,
  depth: number,
  fate: Fate,
  state: DepositState,
): Promise<string> {
  const { history, outputs, state: begun } = await watch.report();
  const before = history.length;
  const fork = await reorganise(lane, depth, fate);
  if (fate === 'moved')
    await eventually('another block is seen to have the deposit', async () =>
      (await watch.report()).outputs.every(({ block }, at) => block.hash !== outputs[at]?.block.hash),
    );
  if (fate === 'double-spent') {
    await watch.reaches('vanished-by-reorg');
    await bringBack(lane, fork, coins);
  }
  await mineUntil(lane, `the deposit is ${state} again`, watch.is(state));
  const since = (await watch.report()).history.slice(before).map((entry) => entry.state);
  if (fate === 'moved' && begun !== 'moved-by-reorg') expect(since).toContain('moved-by-reorg');
  expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(0);
  await watch.close();
  return since.length === 0 ? `${state} throughout` : [...new Set(since)].join(', ');
}

async function awaiting(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const vault = await openVaultIn(lane);
  const watch = await watched(lane, vault, 2);
  await watch.reaches('awaiting-deposit');
  await reorganise(lane, depth, fate);
  const coins = await fund(lane, vault.script, 1);
  await watch.reaches('seen');
  await mineUntil(lane, 'the deposit is confirmed', watch.is('confirmed'));
  await watch.close();
  expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(0);
  return 'confirmed when it came';
}

async function seen(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const vault = await openVaultIn(lane);
  const confirmations = fate === 'kept' ? depth + 1 : depth;
  const watch = await watched(lane, vault, confirmations + 3);
  const coins = await fund(lane, vault.script, confirmations);
  await watch.reaches('seen');
  return through(lane, watch, coins, depth, fate, 'confirmed');
}

type Kind = {
  readonly amounts?: readonly number[];
  readonly terms?: (lane: Lane) => Promise<Partial<Terms>>;
  readonly retired?: true;
};

const judged =
  (state: DepositState, { amounts = [AMOUNT_SATS], terms, retired }: Kind = {}) =>
  async (lane: Lane, depth: number, fate: Fate): Promise<string> => {
    const vault = await openVaultIn(lane, await terms?.(lane));
    if (retired) ({ key: lane.key } = await rotate(lane, lane.key.epoch, undefined, votedUntil()));
    const below = fate === 'kept' || fate === 'payout orphaned';
    const confirmations = Math.max(below ? depth + 1 : depth, fate === 'payout orphaned' ? 2 : 1);
    const watch = await watched(lane, vault, confirmations);
    const coins = await fund(lane, vault.script, confirmations, amounts);
    await watch.reaches(state);
    if (fate !== 'payout orphaned') return through(lane, watch, coins, depth, fate, state);
    const paying = await startPaying(lane, vault, coins, 1);
    await eventually('the payout is broadcast', async () => lane.world.dev.mempool.size === 1);
    await lane.world.dev.mine(1);
    expect(await paying.result()).toMatchObject({ outcome: 'settled' });
    await eventually('the watch sees the spend', async () =>
      (await watch.report()).outputs.every(({ spentBy }) => spentBy !== undefined),
    );
    await reorganise(lane, depth, fate);
    expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(0);
    await mineUntil(lane, 'the watch is settled', watch.handle.result());
    expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(1);
    return 'settled when the payout was mined again';
  };

/** Once moved already. */
async function moved(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const vault = await openVaultIn(lane);
  const watch = await watched(lane, vault, MANY);
  const coins = await fund(lane, vault.script, 1);
  await watch.reaches('seen');
  await reorganise(lane, 1, 'moved');
  await watch.reaches('moved-by-reorg');
  await lane.world.dev.mine(Math.max(0, (fate === 'kept' ? depth + 1 : depth) - 2));
  return through(lane, watch, coins, depth, fate, 'confirmed');
}

/** Away already: it stays away, or this reorganisation is the one that brings it back. */
async function vanished(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const vault = await openVaultIn(lane);
  const watch = await watched(lane, vault, 2);
  const coins = await fund(lane, vault.script, 1);
  await watch.reaches('seen');
  const fork = await reorganise(lane, 1, 'double-spent');
  await watch.reaches('vanished-by-reorg');
  // The branch that took it is two blocks; it gives way when the next one leaves below it.
  await lane.world.dev.mine(depth - 2);
  if (fate === 'double-spent') {
    await reorganise(lane, depth, fate);
    expect((await watch.report()).state).toBe('vanished-by-reorg');
  }
  await bringBack(lane, fork, coins);
  await mineUntil(lane, 'the deposit is confirmed', watch.is('confirmed'));
  await watch.close();
  return 'confirmed when it was back';
}

const every = (run: ReturnType<typeof judged>): Row => ({
  kept: { run },
  moved: { run },
  'double-spent': { run },
  'payout orphaned': { run },
});
const NONE = 'no deposit is in a block yet';
const UNPAID = 'a payout waits until the deposit is confirmed';
const AWAY = 'the deposit is in no block';
const over: Row = { kept: OVER, moved: OVER, 'double-spent': OVER, 'payout orphaned': OVER };

export const confirmDepositRows: Readonly<Record<DepositState, Row>> = {
  'awaiting-deposit': { kept: { run: awaiting }, moved: NONE, 'double-spent': NONE, 'payout orphaned': NONE },
  seen: { kept: { run: seen }, moved: { run: seen }, 'double-spent': { run: seen }, 'payout orphaned': UNPAID },
  confirmed: every(judged('confirmed')),
  'under-deposited': every(judged('under-deposited', { amounts: [AMOUNT_SATS - 1] })),
  'over-deposited': every(judged('over-deposited', { amounts: [AMOUNT_SATS + 1] })),
  'double-deposited': every(judged('double-deposited', { amounts: [AMOUNT_SATS, AMOUNT_SATS] })),
  late: every(
    judged('late', {
      terms: async ({ world: { dev } }) => ({
        deposit: { amountSats: AMOUNT_SATS, deadlineHeight: (await dev.tip()).height },
      }),
    }),
  ),
  'to-retired-key': every(judged('to-retired-key', { retired: true })),
  'moved-by-reorg': {
    kept: { run: moved },
    moved: { from: [2, SECOND], run: moved },
    'double-spent': { from: [2, SECOND], run: moved },
    'payout orphaned': UNPAID,
  },
  'vanished-by-reorg': {
    kept: AWAY,
    moved: { from: [2, SECOND], run: vanished },
    'double-spent': { from: [2, SECOND], run: vanished },
    'payout orphaned': AWAY,
  },
  settled: over,
  closed: over,
};
