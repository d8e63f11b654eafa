import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { CONFIRM_DEPOSIT, depositQuery, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import { GENERATE_KEY, type GenerateKeyResult, startGenerateKey } from '../../workflows/generate-key/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { realAgents } from './rig/agents.ts';
import { OF_INCIDENTS } from './rig/incidents.ts';
import { type Carried, losingCompletions } from './rig/lost-completions.ts';
import { eventually, startWorker, type WorkerChoices } from './rig/rig.ts';
import { onServerAlone } from './rig/suite.ts';
import { AMOUNT_SATS, PAYOUT_SCRIPT, signedRelease, signedTerms, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

let epoch = 0;
/** A key, a vault, a deposit and a payout, and everything about how they ended that does not name the network they ran on. */
async function wholeLife(options: Parameters<typeof testWorld>[0], choices: WorkerChoices) {
  const world = await testWorld(options);
  const worker = await startWorker(env, world, choices);
  const { workflow } = env.client;
  const network = world.deps.genesis.name;
  epoch += 1;
  try {
    const keygen = startGenerateKey({ network, epoch, purpose: 'test', nonce: '0a'.repeat(16) }, worker.taskQueue);
    const made = (await workflow.execute(GENERATE_KEY, keygen)) as GenerateKeyResult;
    if (made.outcome !== 'active') throw new Error(made.refusal.message);
    const { key } = made;
    const opening = { network, signedTerms: signedTerms(world), key, watchFromHeight: 1 };
    const opened = (await workflow.execute(OPEN_VAULT, startOpenVault(opening, worker.taskQueue))) as OpenVaultResult;
    if (opened.outcome !== 'open') throw new Error(opened.refusal.message);
    const { vault, script } = opened;
    const watch = { network, vault, key, script, watchFromHeight: 1, confirmations: 2 };
    const watching = await workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(watch, worker.taskQueue));
    const outpoint = await world.dev.fund(script, AMOUNT_SATS);
    await world.dev.mine(2);
    await eventually('it is confirmed', async () => (await watching.query(depositQuery)).state === 'confirmed');
    const signedReleaseRequest = signedRelease(world, vault, [outpoint]);
    const request = { network, signedReleaseRequest, key, watchFromHeight: 1, confirmations: 2 };
    const paying = await workflow.start(PAY_OUT, startPayOut(request, worker.taskQueue));
    await eventually('it is broadcast', async () => world.dev.mempool.size === 1);
    await world.dev.mine(2);
    const paid = (await paying.result()) as PayOutResult;
    if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
    const watched = (await watching.result()) as { readonly outcome: string };
    return {
      attempts: made.attempts,
      holders: opened.holders,
      watched: watched.outcome,
      sessions: paid.sessions,
      signers: paid.signers.length,
      payoutSats: paid.payoutSats,
      feeSats: paid.feeSats,
      payments: world.chain.view.outputs(PAYOUT_SCRIPT).outputs.map(({ amountSats }) => amountSats),
    };
  } finally {
    await worker.stop();
    await world.stop();
  }
}

/** Effects of sweeps: `sweep-vaults.test.ts` loses the first completion of each. */
const OF_SWEEPS: ReadonlySet<string> = new Set(['listSweep', 'planSweep', 'sweepListPart']);

/** Effects of keys that not everybody makes, or that somebody spoils: the scenarios of `generate-key.test.ts` lose the first completion of each. */
const OF_TROUBLED_KEYS: ReadonlySet<string> = new Set(['judgeKeygenFaults', 'tellOthersOfKey']);

/** Nothing is wrong with any signature here; `pay-out.test.ts` has one that is, and loses the first completion of what comes of it. */
const OF_TROUBLED_SIGNINGS: ReadonlySet<string> = new Set(['judgePartials']);

/** No payout is stuck here, so nobody asks what one costs now; it changes nothing. Those that are: `fee-bumps.test.ts`. */
const OF_STUCK_PAYOUTS: ReadonlySet<string> = new Set(['seeFee']);

for (const [who, options] of [
  ['dealt validators', { threshold: 3, participants: 5 }],
  ['real agents', { threshold: 3, participants: 4, agents: realAgents }],
] as const) {
  test(`when every effect is carried out twice, all ends as when it is carried out once: ${who}`, async () => {
    const carried: Carried = new Map();
    const lives = await Promise.allSettled([
      wholeLife(options, {}),
      wholeLife(options, { interceptors: { activity: [losingCompletions(carried)] } }),
    ]);
    const [once, twice] = lives.map((life) => {
      if (life.status === 'rejected') throw life.reason;
      return life.value;
    });
    expect(twice).toEqual(once);
    expect(twice).toMatchObject({ attempts: 1, sessions: 1, watched: 'settled' });
    expect(twice?.payments).toEqual([twice?.payoutSats]);
    const counts = [...carried].map(([effect, { runs, completions }]) => [
      effect,
      completions > 0 && runs >= 2 * completions,
    ]);
    expect(Object.fromEntries(counts)).toEqual(
      Object.fromEntries(
        Object.keys((await testWorld()).activities)
          .filter(
            (effect) =>
              ![OF_INCIDENTS, OF_SWEEPS, OF_TROUBLED_KEYS, OF_TROUBLED_SIGNINGS, OF_STUCK_PAYOUTS].some((covered) =>
                covered.has(effect),
              ),
          )
          .map((effect) => [effect, true]),
      ),
    );
  });
}
