import { expect } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Terms } from '../../domain/vault/terms.ts';
import {
  CONFIRM_DEPOSIT,
  closeDepositUpdate,
  type DepositState,
  depositQuery,
  startConfirmDeposit,
} from '../../workflows/confirm-deposit/messages.ts';
import { eventually, keepHistory } from './rig/rig.ts';
import { openVault } from './rig/steps.ts';
import { onServer, type Scene } from './rig/suite.ts';
import { AMOUNT_SATS } from './rig/world.ts';

const { scenario } = onServer();

/** A vault and the watch over it; `reaches` waits for a state, `end` closes the watch and keeps its history. */
async function watched(scene: Scene, name: string, change: Partial<Terms> = {}) {
  const { env, world, taskQueue } = scene;
  const { vault, key, script } = await openVault(env, world, taskQueue, change);
  const input = { network: world.deps.genesis.name, vault, key, script, watchFromHeight: 1, confirmations: 3 };
  const handle = await env.client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(input, taskQueue));
  const state = async () => (await handle.query(depositQuery)).state;
  const reaches = (wanted: DepositState) => eventually(`${name}: ${wanted}`, async () => (await state()) === wanted);
  await reaches('awaiting-deposit');
  return {
    vault,
    script,
    handle,
    reaches,
    end: async () => {
      await handle.executeUpdate(closeDepositUpdate, { args: [{ reason: 'the scenario is over' }] });
      expect(await handle.result()).toMatchObject({ outcome: 'closed', report: { state: 'closed' } });
      await keepHistory(handle, `confirm-deposit-${name}`);
    },
  };
}

const amounts: readonly (readonly [DepositState, readonly number[]])[] = [
  ['under-deposited', [AMOUNT_SATS - 1]],
  ['over-deposited', [AMOUNT_SATS + 1]],
  ['double-deposited', [AMOUNT_SATS, AMOUNT_SATS]],
];
for (const [state, payments] of amounts) {
  scenario(`payments of ${payments.join(' and ')} to a vault of ${AMOUNT_SATS} are ${state}`, async (scene) => {
    const watch = await watched(scene, state);
    for (const amount of payments) await scene.world.dev.fund(watch.script, amount);
    await scene.world.dev.mine(1);
    await watch.reaches('seen');
    await scene.world.dev.mine(2);
    await watch.reaches(state);
    await watch.end();
  });
}

scenario('a deposit after the deadline of its terms is late', async (scene) => {
  const watch = await watched(scene, 'late', { deposit: { amountSats: AMOUNT_SATS, deadlineHeight: 4 } });
  await scene.world.dev.mine(2);
  await scene.world.dev.fund(watch.script, AMOUNT_SATS);
  await scene.world.dev.mine(3);
  await watch.reaches('late');
  await watch.end();
});

scenario('a deposit to a key that a quorum calls retired is named so', async (scene) => {
  const watch = await watched(scene, 'retired');
  for (const validator of [...scene.world.validators.values()].slice(0, 3)) validator.keyState = 'retired';
  await scene.world.dev.fund(watch.script, AMOUNT_SATS);
  await scene.world.dev.mine(3);
  await watch.reaches('to-retired-key');
  await watch.end();
});

scenario('two validators that say retired do not retire a key of three', async (scene) => {
  const watch = await watched(scene, 'not-retired');
  for (const validator of [...scene.world.validators.values()].slice(0, 2)) validator.keyState = 'retired';
  await scene.world.dev.fund(watch.script, AMOUNT_SATS);
  await scene.world.dev.mine(3);
  await watch.reaches('confirmed');
  await watch.end();
});

scenario('without a quorum of agreeing views a deep deposit stays seen', async (scene) => {
  const watch = await watched(scene, 'no-quorum');
  const { handlers } = scene.world;
  const away = [...handlers].slice(0, 3);
  for (const [id] of away) handlers.delete(id);
  await scene.world.dev.fund(watch.script, AMOUNT_SATS);
  await scene.world.dev.mine(4);
  await watch.reaches('seen');
  await eventually(
    'it was judged deep',
    async () => (await watch.handle.query(depositQuery)).outputs[0]?.confirmations === 3,
  );
  expect(await watch.handle.query(depositQuery)).toMatchObject({ state: 'seen' });
  for (const [id, handler] of away) handlers.set(id, handler);
  await watch.reaches('confirmed');
  await watch.end();
});

scenario(
  'a reorg that moves a deposit is named even when it is as deep as before, and it is confirmed again',
  async (scene) => {
    const watch = await watched(scene, 'moved');
    await scene.world.dev.fund(watch.script, AMOUNT_SATS);
    const [block] = await scene.world.dev.mine(3);
    await watch.reaches('confirmed');
    await scene.world.dev.forkFrom((block?.height ?? 0) - 1, 4);
    const report = () => watch.handle.query(depositQuery);
    await eventually('another block holds it', async () => (await report()).outputs[0]?.block.hash !== block?.hash);
    await watch.reaches('confirmed');
    const states = (await report()).history.map(({ state }) => state);
    expect(states.slice(states.indexOf('confirmed'))).toEqual(['confirmed', 'moved-by-reorg', 'confirmed']);
    await watch.end();
  },
);

scenario('a reorg that drops a deposit is named, and another payment counts in its place', async (scene) => {
  const watch = await watched(scene, 'vanished');
  await scene.world.dev.fund(watch.script, AMOUNT_SATS);
  const [block] = await scene.world.dev.mine(2);
  await watch.reaches('seen');
  await scene.world.dev.forkFrom((block?.height ?? 0) - 1, 3, { drop: true });
  await watch.reaches('vanished-by-reorg');
  await scene.world.dev.fund(watch.script, AMOUNT_SATS);
  await scene.world.dev.mine(1);
  await watch.reaches('seen');
  await scene.world.dev.mine(2);
  await watch.reaches('confirmed');
  await watch.end();
});

scenario('closing without a reason is refused and changes nothing', async (scene) => {
  const watch = await watched(scene, 'close');
  const closing = watch.handle.executeUpdate(closeDepositUpdate, { args: [{ reason: ' ' }] });
  await expect(closing).rejects.toThrow(WorkflowUpdateFailedError);
  await watch.reaches('awaiting-deposit');
  await watch.end();
});

scenario('a watch over a vault that nobody opened is refused', async (scene) => {
  const { env, world, taskQueue } = scene;
  const { key, script } = await openVault(env, world, taskQueue);
  const vault = 'ab'.repeat(32) as Parameters<typeof startConfirmDeposit>[0]['vault'];
  const input = { network: world.deps.genesis.name, vault, key, script, watchFromHeight: 1 };
  const handle = await env.client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(input, taskQueue));
  expect(await handle.result()).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.vault-unknown' } });
});
