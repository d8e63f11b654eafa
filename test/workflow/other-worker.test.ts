import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities/activities.ts';
import type { BitcoinChain } from '../../domain/ports/chain.ts';
import { memory as memoryChain } from '../../plugins/chain/memory/index.ts';
import { CONFIRM_DEPOSIT, depositQuery, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { onServerAlone } from './rig/suite.ts';
import { deposit, openVault } from './rig/steps.ts';
import { AMOUNT_SATS, signedRelease, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

/** The same chain, of which this worker's view has read nothing above `height` until it catches up. */
function behind({ view, ...rest }: BitcoinChain, height: number) {
  let isBehind = true;
  const tip = { hash: 'ee'.repeat(32), height };
  const late: BitcoinChain['view'] = {
    status: () => ({ ...view.status(), ...(isBehind ? { tip } : {}) }),
    watch: (...asked) => view.watch(...asked),
    outputs: (script) => (isBehind ? { anchor: tip, outputs: [] } : view.outputs(script)),
    output: (outpoint) => (isBehind ? { anchor: tip, output: undefined } : view.output(outpoint)),
    isCanonical: (block) => view.isCanonical(block),
    acceptBranch: (block) => view.acceptBranch(block),
    follow: (...asked) => view.follow(...asked),
  };
  return { chain: { ...rest, view: late }, catchUp: () => (isBehind = false) };
}

test('a deposit that a worker has not read yet did not vanish: what another worker saw stands until this one has caught up', async () => {
  const world = await testWorld();
  const ahead = await startWorker(env, world);
  const { taskQueue } = ahead;
  const { vault, key, script } = await openVault(env, world, taskQueue);
  const { height } = world.chain.view.status().tip;
  const input = { network: world.deps.genesis.name, vault, key, script, watchFromHeight: 1, confirmations: 2 };
  const watching = await env.client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(input, taskQueue));
  const report = () => watching.query(depositQuery);
  await world.dev.fund(script, AMOUNT_SATS);
  await world.dev.mine(2);
  await eventually('it is confirmed', async () => (await report()).state === 'confirmed');
  await ahead.stop();

  const { chain, catchUp } = behind(world.chain, height);
  const next = await startWorker(env, { activities: createActivities({ ...world.deps, chain }) }, { taskQueue });
  try {
    const gaveUp = (line: string): boolean => /^observeDeposit .* not-yet\.chain-syncing$/.test(line);
    await eventually('the worker that is behind gives the watch away', async () => world.ended.some(gaveUp));
    expect((await report()).state).toBe('confirmed');
    catchUp();
    await world.dev.fund(script, AMOUNT_SATS);
    await world.dev.mine(2);
    await eventually('it looks on', async () => (await report()).state === 'double-deposited');
    const states = (await report()).history.map(({ state }) => state);
    expect(states.filter((state) => state.endsWith('-by-reorg'))).toEqual([]);
  } finally {
    await next.stop();
    await world.stop();
  }
});

test('a payout settles at a worker that never saw its deposit before a reorganisation put that into a lower block', async () => {
  const world = await testWorld();
  const first = await startWorker(env, world);
  const { taskQueue } = first;
  const { vault, key, script } = await openVault(env, world, taskQueue);
  await world.dev.mine(2);
  const { height } = world.chain.view.status().tip;
  const outpoint = await deposit(world, script, 2);
  const input = {
    network: world.deps.genesis.name,
    signedReleaseRequest: signedRelease(world, vault, [outpoint]),
    key,
    watchFromHeight: 1,
    confirmations: 2,
  };
  const paying = await env.client.workflow.start(PAY_OUT, startPayOut(input, taskQueue));
  await eventually('the payout is broadcast', async () => world.dev.mempool.size === 1);
  await first.stop();

  const [lower] = await world.dev.forkFrom(height - 2, 5);
  expect(world.chain.view.output(outpoint).output?.height).toBe(lower?.height);
  expect(lower?.height).toBeLessThan(height);
  const chain = memoryChain({ reorg_depth_max: 20 })({ network: 'regtest', world: world.dev });
  await chain.view.start?.(AbortSignal.timeout(5_000));
  const next = await startWorker(env, { activities: createActivities({ ...world.deps, chain }) }, { taskQueue });
  try {
    await world.dev.mine(2);
    let result: PayOutResult | undefined;
    void paying.result().then((ended: PayOutResult) => (result = ended));
    await eventually('it settles', async () => result !== undefined);
    expect(result).toMatchObject({ outcome: 'settled', sessions: 1 });
  } finally {
    await next.stop();
    await chain.view.stop?.();
    await world.stop();
  }
});
