import { expect } from '@jest/globals';
import type { Activities } from '../../../../activities/activities.ts';
import { progressQuery } from '../../../../workflows/lib/messages.ts';
import { PAY_OUT, type PayOutPhase, type PayOutResult, startPayOut } from '../../../../workflows/pay-out/messages.ts';
import { eventually } from '../../rig/rig.ts';
import type { OpenVault } from '../../rig/steps.ts';
import { PAYOUT_SCRIPT, signedRelease } from '../../rig/world.ts';
import { type Fate, NO_PAYOUT, OVER, type Row, type Way } from './cells.ts';
import { bringBack, type Coins, fund, type Lane, mineUntil, openVaultIn, pause, reorganise, spendsOf } from './lane.ts';

/** The clock of the worker runs ahead. */
const VALID_SECONDS = 30 * 86_400;
/** In which a payout that was wrong to go on would have gone on. */
const WATCHED_MS = 1_200;

export function startPaying(lane: Lane, { vault, key }: OpenVault, coins: Coins, confirmations: number) {
  const { env, world, taskQueue } = lane;
  const input = {
    network: world.deps.genesis.name,
    signedReleaseRequest: signedRelease(world, vault, coins.outpoints, coins.sats, VALID_SECONDS),
    key,
    watchFromHeight: 1,
    confirmations,
    sessionSeconds: 2,
  };
  return env.client.workflow.start(PAY_OUT, startPayOut(input, taskQueue));
}
type Paying = Awaited<ReturnType<typeof startPaying>>;

const phaseOf = async (paying: Paying): Promise<string> => (await paying.query(progressQuery)).phase;
const reaches = (paying: Paying, phase: PayOutPhase, have = 0): Promise<void> =>
  eventually(`the payout is ${phase}`, async () => {
    const page = await paying.query(progressQuery);
    return page.phase === phase && page.have >= have;
  });

/** The reorganisation, and the way to the end of it: settled, or a refusal that names why. */
async function through(lane: Lane, paying: Paying, coins: Coins, depth: number, fate: Fate): Promise<string> {
  const result = paying.result() as Promise<PayOutResult>;
  result.catch(() => undefined);
  const fork = await reorganise(lane, depth, fate);
  lane.holds.letGo();
  let away = '';
  if (fate === 'double-spent') {
    await pause(WATCHED_MS);
    expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(0);
    away = await phaseOf(paying);
    expect(away).not.toBe('settled');
    if (away !== 'refused') await bringBack(lane, fork, coins);
  }
  const paid = await mineUntil(lane, 'the payout ends', result);
  if (paid === undefined) throw new Error('it ended without a result');
  const spends = spendsOf(lane, coins, PAYOUT_SCRIPT);
  if (paid.outcome === 'refused') {
    expect([fate, spends]).toEqual(['double-spent', 0]);
    return `refused ${paid.refusal.code}`;
  }
  expect(spends).toBe(coins.outpoints.length);
  return away === '' ? paid.outcome : `waited, ${paid.outcome} when the deposit was back`;
}

/** Held at the beginning of an activity; the deposit lies as deep as the fate wants it. */
const heldAt =
  (activity: keyof Activities): Way['run'] =>
  async (lane, depth, fate) => {
    const vault = await openVaultIn(lane);
    const coins = await fund(lane, vault.script, fate === 'kept' ? depth + 1 : depth);
    lane.holds.hold(activity);
    const paying = await startPaying(lane, vault, coins, 1);
    await lane.holds.entered(activity);
    return through(lane, paying, coins, depth, fate);
  };

async function planning(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const vault = await openVaultIn(lane);
  const confirmations = fate === 'kept' ? depth + 1 : depth;
  const coins = await fund(lane, vault.script, confirmations);
  const paying = await startPaying(lane, vault, coins, confirmations + 2);
  await eventually('it waits for depth', async () =>
    (await paying.query(progressQuery)).meanwhile.includes('confirmations'),
  );
  return through(lane, paying, coins, depth, fate);
}

/** The payout is in a block, one deep; the deposit below it. */
async function mined(lane: Lane, deposit: number, confirmations: number): Promise<{ paying: Paying; coins: Coins }> {
  const vault = await openVaultIn(lane);
  const coins = await fund(lane, vault.script, deposit);
  const paying = await startPaying(lane, vault, coins, confirmations);
  await eventually('the payout is broadcast', async () => lane.world.dev.mempool.size === 1);
  await lane.world.dev.mine(1);
  await reaches(paying, 'settling', 1);
  return { paying, coins };
}

/** In the mempool where the reorganisation is too short to reach a deposit below a mined payout, else in a block. */
async function settling(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const reachesDeposit = fate === 'moved' || fate === 'double-spent';
  if (reachesDeposit && depth < 3) {
    const vault = await openVaultIn(lane);
    const coins = await fund(lane, vault.script, depth);
    const paying = await startPaying(lane, vault, coins, 1);
    await eventually('the payout is broadcast', async () => lane.world.dev.mempool.size === 1);
    await reaches(paying, 'settling');
    return through(lane, paying, coins, depth, fate);
  }
  const { paying, coins } = await mined(lane, reachesDeposit ? depth - 1 : depth + 1, 2);
  return through(lane, paying, coins, depth, fate);
}

async function unsettled(lane: Lane, depth: number, fate: Fate): Promise<string> {
  const { paying, coins } = await mined(lane, fate === 'kept' ? depth + 1 : depth - 2, 2);
  await reorganise(lane, 1, 'payout orphaned');
  await reaches(paying, 'unsettled-by-reorg');
  return through(lane, paying, coins, depth, fate);
}

const held = (activity: keyof Activities): Row => ({
  kept: { run: heldAt(activity) },
  moved: { run: heldAt(activity) },
  'double-spent': { run: heldAt(activity) },
  'payout orphaned': NO_PAYOUT,
});
const over: Row = { kept: OVER, moved: OVER, 'double-spent': OVER, 'payout orphaned': OVER };
const only = (reason: string): Row => ({
  kept: reason,
  moved: reason,
  'double-spent': reason,
  'payout orphaned': reason,
});
const DEEP = 'the deposit lies four deep at least below a payout that lost its block';
const ROOM = 'a timer and no look at the chain; what comes after it is the row collecting-commitments';
const FEES = 'the same watch over the coins as in settling, with a session for a higher fee beside it';

export const payOutRows = {
  planning: {
    kept: { run: planning },
    moved: { run: planning },
    'double-spent': { run: planning },
    'payout orphaned': NO_PAYOUT,
  },
  'collecting-commitments': held('askCommitments'),
  'collecting-partials': held('askPartials'),
  'awaiting-room': only(ROOM),
  broadcasting: held('broadcastPayout'),
  settling: {
    kept: { run: settling },
    moved: { run: settling },
    'double-spent': { run: settling },
    'payout orphaned': { run: settling },
  },
  'waiting-for-estimate': only(FEES),
  'waiting-for-fee': only(FEES),
  'unsettled-by-reorg': {
    kept: { run: unsettled },
    moved: { from: [4, DEEP], run: unsettled },
    'double-spent': { from: [4, DEEP], run: unsettled },
    'payout orphaned': 'no block has the payout in this phase; as soon as one has, it is the row settling',
  },
  settled: over,
  refused: over,
} as const satisfies Record<PayOutPhase, Row> & Record<string, Row>;
