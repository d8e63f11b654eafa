import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { followNamedBranch } from '../../../activities/branch.ts';
import { FROZEN_UNTIL_LIFTED_SECONDS, type Order } from '../../../domain/committee/order.ts';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import { readReply, requestOf } from '../../../validator/custody/testkit/agents.ts';
import { signOrder } from '../../../validator/custody/testkit/network.ts';
import { OrderStateSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { progressQuery } from '../../../workflows/lib/messages.ts';
import type { PayOutResult } from '../../../workflows/pay-out/messages.ts';
import { eventually } from '../rig/rig.ts';
import { committeeKeys } from '../rig/rotation.ts';
import { onServerAlone } from '../rig/suite.ts';
import { PAYOUT_SCRIPT } from '../rig/world.ts';
import { fund, type Lane, mineUntil, openLane, openVaultIn, reorganise, spendsOf } from './rig/lane.ts';
import { startPaying } from './rig/payouts.ts';

/** One more than the views of the rig follow. */
const TOO_DEEP = 21;
const NEVER = new AbortController().signal;

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

function scenario(title: string, run: (lane: Lane) => Promise<void>): void {
  test(title, async () => {
    const lane = await openLane(env);
    try {
      await run(lane);
    } finally {
      await lane.stop();
    }
  });
}

/** Until when each validator says that payouts are frozen. */
async function frozen({ world }: Lane): Promise<readonly bigint[]> {
  const request = requestOf(world.deps.genesis, { case: 'sayOrderState', value: {} });
  return Promise.all(
    [...world.handlers.values()].map(async (handle) => {
      const reply = readReply(await handle(request));
      if (!reply.ok) throw new Error(reply.code);
      return fromBinary(OrderStateSchema, reply.envelope.payload).frozenUntilSeconds;
    }),
  );
}

async function send({ world }: Lane, order: Partial<Order>): Promise<void> {
  const { genesis } = world.deps;
  const signed = signOrder({ genesis, committee: committeeKeys }, order, 3);
  const request = requestOf(genesis, { case: 'obeyOrder', value: { signedOrder: canonicalBytes(signed) } });
  for (const handle of world.handlers.values()) expect(readReply(await handle(request))).toMatchObject({ ok: true });
}

scenario(
  'beyond the bound every validator freezes payouts by itself, and all go on where a lift names the chain, the worker too',
  async (lane) => {
    const { world } = lane;
    const byThemselves = Array.from({ length: 5 }, () => BigInt(FROZEN_UNTIL_LIFTED_SECONDS));
    const vault = await openVaultIn(lane);
    const coins = await fund(lane, vault.script, 2);
    await world.dev.mine(TOO_DEEP + 2);
    await reorganise(lane, TOO_DEEP, 'kept');
    expect(await frozen(lane)).toEqual(byThemselves);
    expect(world.chain.view.status()).toMatchObject({ synced: false, trouble: { code: 'policy.reorg-too-deep' } });
    const paying = await startPaying(lane, vault, coins, 1);
    await eventually('the payout waits', async () =>
      (await paying.query(progressQuery)).meanwhile.includes('last look'),
    );

    await send(lane, { kind: 'lift', number: 1, reason: 'signed for something else' });
    expect(await frozen(lane)).toEqual(byThemselves);
    expect(await followNamedBranch(world.deps, NEVER)).toBeUndefined();
    await send(lane, { kind: 'lift', number: 2, block: { hash: 'ab'.repeat(32), height: 30 } });
    expect(await frozen(lane)).toEqual(byThemselves);
    await followNamedBranch(world.deps, NEVER);
    expect(world.chain.view.status().synced).toBe(false);

    await send(lane, { kind: 'lift', number: 3, block: await world.dev.tip() });
    // The first question hands the view its block, the second finds it canonical.
    await frozen(lane);
    expect(await frozen(lane)).toEqual(byThemselves.map(() => 0n));
    expect(await followNamedBranch(world.deps, NEVER)).toEqual(await world.dev.tip());
    expect(world.chain.view.status()).toMatchObject({ synced: true });
    const paid = (await mineUntil(lane, 'the payout ends', paying.result())) as PayOutResult;
    expect(paid.outcome).toBe('settled');
    expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(1);
  },
);

scenario('branches that take turns, each a block longer than the one before, settle a payout once', async (lane) => {
  const { world } = lane;
  const vault = await openVaultIn(lane);
  const coins = await fund(lane, vault.script, 8);
  const paying = await startPaying(lane, vault, coins, 8);
  await eventually('the payout is broadcast', async () => world.dev.mempool.size === 1);
  await world.dev.mine(1);
  for (let turn = 0; turn < 6; turn += 1) {
    await reorganise(lane, 1 + (turn % 6), turn % 2 === 0 ? 'payout orphaned' : 'kept');
    expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBeLessThanOrEqual(1);
  }
  const paid = (await mineUntil(lane, 'the payout ends', paying.result())) as PayOutResult;
  expect(paid).toMatchObject({ outcome: 'settled', sessions: 1 });
  expect(spendsOf(lane, coins, PAYOUT_SCRIPT)).toBe(1);
});
