import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { CONFIRM_DEPOSIT, depositQuery, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { SWEEP_VAULTS, startSweepVaults, type SweepVaultsResult } from '../../workflows/sweep-vaults/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import type { Carried } from './rig/lost-completions.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { makeKey, rotate, rotatingWorld } from './rig/rotation.ts';
import { onServerAlone } from './rig/suite.ts';
import { twiceAtOnce } from './rig/twice-at-once.ts';
import { AMOUNT_SATS, PAYOUT_SCRIPT, signedRelease, signedTerms } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

/** What a key, two vaults, their deposits, a payout and a sweep consist of. */
const EFFECTS = [
  'proposeKey',
  'askKeygenRound',
  'certifyKey',
  'askCertificateHeld',
  'askSelfTestCommitments',
  'askSelfTestPartials',
  'askActivation',
  'recordKeygen',
  'registerVault',
  'askTermsHeld',
  'recordVault',
  'observeDeposit',
  'planPayout',
  'askCommitments',
  'askPartials',
  'finishSigning',
  'broadcastPayout',
  'awaitSettlement',
  'listSweep',
  'sweepListPart',
  'planSweep',
];

test('when two carry out every effect at the same time, a key is made, a vault pays out and another is swept exactly once', async () => {
  const carried: Carried = new Map();
  const world = await rotatingWorld();
  const worker = await startWorker(env, world, { interceptors: { activity: [twiceAtOnce(carried)] } });
  const { workflow } = env.client;
  const { taskQueue } = worker;
  const network = world.deps.genesis.name;
  try {
    const key = await makeKey({ env, world, taskQueue }, 900);
    const opened = await Promise.all(
      [1, 2].map(async () => {
        const opening = { network, signedTerms: signedTerms(world), key, watchFromHeight: 1 };
        const result = (await workflow.execute(OPEN_VAULT, startOpenVault(opening, taskQueue))) as OpenVaultResult;
        if (result.outcome !== 'open') throw new Error(result.refusal.message);
        return result;
      }),
    );
    const [paid, swept] = opened;
    if (paid === undefined || swept === undefined) throw new Error('two vaults are open');
    const { vault, script } = paid;
    const watch = { network, vault, key, script, watchFromHeight: 1, confirmations: 2 };
    const watching = await workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(watch, taskQueue));
    const outpoint = await world.dev.fund(script, AMOUNT_SATS);
    const moved = await world.dev.fund(swept.script, AMOUNT_SATS);
    await world.dev.mine(2);
    await eventually('it is confirmed', async () => (await watching.query(depositQuery)).state === 'confirmed');
    const request = {
      network,
      signedReleaseRequest: signedRelease(world, vault, [outpoint]),
      key,
      watchFromHeight: 1,
      confirmations: 2,
    };
    const paying = await workflow.start(PAY_OUT, startPayOut(request, taskQueue));
    await eventually('it is broadcast', async () => world.dev.mempool.size === 1);
    await world.dev.mine(2);
    expect((await paying.result()) as PayOutResult).toMatchObject({ outcome: 'settled', sessions: 1 });
    expect(await watching.result()).toMatchObject({ outcome: 'settled' });

    const { sweep } = await rotate({ env, world, taskQueue }, 900);
    const sweeping = await workflow.start(SWEEP_VAULTS, startSweepVaults(sweep, taskQueue));
    await eventually('the sweep is broadcast', async () => world.dev.mempool.size === 1);
    await world.dev.mine(2);
    expect((await sweeping.result()) as SweepVaultsResult).toMatchObject({ outcome: 'swept', swept: 1 });

    expect(world.chain.view.outputs(PAYOUT_SCRIPT).outputs).toHaveLength(1);
    expect(world.chain.view.output(moved).output?.spentBy).toBeDefined();
    const twice = EFFECTS.map((effect) => {
      const { runs = 0, completions = 0 } = carried.get(effect) ?? {};
      return [effect, completions > 0 && runs >= 2 * completions];
    });
    expect(Object.fromEntries(twice)).toEqual(Object.fromEntries(EFFECTS.map((effect) => [effect, true])));
  } finally {
    await worker.stop();
    await world.stop();
  }
});
