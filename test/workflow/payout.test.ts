import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { SigningEvidence } from '../../domain/ceremony/evidence.ts';
import { getDocument } from '../../activities/documents.ts';
import { CONFIRM_DEPOSIT, depositQuery, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import { GENERATE_KEY, type GenerateKeyResult, startGenerateKey } from '../../workflows/generate-key/messages.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { realAgents } from './rig/agents.ts';
import { onServerAlone } from './rig/suite.ts';
import { AMOUNT_SATS, PAYOUT_SCRIPT, signedRelease, signedTerms, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

const dealt = { threshold: 3, participants: 5 };
const casts = [
  { who: 'dealt validators', options: dealt, maxCachedWorkflows: 50 },
  { who: 'dealt validators', options: dealt, maxCachedWorkflows: 0 },
  { who: 'real agents', options: { threshold: 10, participants: 15, agents: realAgents }, maxCachedWorkflows: 50 },
] as const;
for (const [epochBefore, { who, options, maxCachedWorkflows }] of casts.entries()) {
  test(`a key, a vault, a deposit and a payout: ${who}, ${maxCachedWorkflows} cached workflows`, async () => {
    const world = await testWorld(options);
    const worker = await startWorker(env, world, { maxCachedWorkflows });
    const { workflow } = env.client;
    const network = world.deps.genesis.name;
    const scenario = (name: string): string => `happy-${epochBefore}-${name}-cache-${maxCachedWorkflows}`;
    const epoch = epochBefore + 1;
    try {
      const keygen = await workflow.start(
        GENERATE_KEY,
        startGenerateKey({ network, epoch, purpose: 'test' }, worker.taskQueue),
      );
      const made = (await keygen.result()) as GenerateKeyResult;
      if (made.outcome !== 'active') throw new Error(made.refusal.message);
      expect(made.attempts).toBe(1);
      await keepHistory(keygen, scenario('generate-key'));

      const terms = signedTerms(world);
      const { key } = made;
      const opening = await workflow.start(
        OPEN_VAULT,
        startOpenVault({ network, signedTerms: terms, key, watchFromHeight: 1 }, worker.taskQueue),
      );
      const opened = (await opening.result()) as OpenVaultResult;
      if (opened.outcome !== 'open') throw new Error(opened.refusal.message);
      expect(opened.address).toMatch(/^bcrt1p/);
      expect(opened.holders).toHaveLength(options.participants);
      await keepHistory(opening, scenario('open-vault'));

      const { vault, script } = opened;
      const watching = await workflow.start(
        CONFIRM_DEPOSIT,
        startConfirmDeposit({ network, vault, key, script, watchFromHeight: 1, confirmations: 3 }, worker.taskQueue),
      );
      const deposit = () => watching.query(depositQuery);
      await eventually('the watch begins', async () => (await deposit()).state === 'awaiting-deposit');
      const outpoint = await world.dev.fund(script, AMOUNT_SATS);
      await world.dev.mine(1);
      await eventually('the deposit is seen', async () => (await deposit()).state === 'seen');
      await world.dev.mine(2);
      await eventually('the deposit is confirmed', async () => (await deposit()).state === 'confirmed');

      const release = signedRelease(world, vault, [outpoint]);
      const paying = await workflow.start(
        PAY_OUT,
        startPayOut(
          { network, signedReleaseRequest: release, key, watchFromHeight: 1, confirmations: 3 },
          worker.taskQueue,
        ),
      );
      await eventually('the payout is broadcast', async () => world.dev.mempool.size === 1);
      await world.dev.mine(3);
      const paid = (await paying.result()) as PayOutResult;
      if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
      expect(paid.signers).toHaveLength(options.threshold);
      expect(paid.sessions).toBe(1);
      expect(world.chain.view.outputs(PAYOUT_SCRIPT).outputs.map(({ outpoint: { txid } }) => txid)).toEqual([
        paid.txid,
      ]);
      const context = {
        signal: AbortSignal.timeout(5_000),
        deadlineMs: Date.now() + 5_000,
        idempotencyKey: 'test',
        number: 1,
        report: () => undefined,
      };
      const evidence = await getDocument<SigningEvidence>(world.deps, paid.evidence, context);
      expect(evidence.sessions[0]?.partials).toHaveLength(options.threshold);
      expect(await paying.query(progressQuery)).toMatchObject({
        phase: 'settled',
        percent: 100,
        awaitingRole: 'nobody',
      });
      const events = await keepHistory(paying, scenario('pay-out'));
      expect(events).toBeLessThan(150);

      expect(await watching.result()).toMatchObject({ outcome: 'settled' });
      await keepHistory(watching, scenario('confirm-deposit'));
    } finally {
      await worker.stop();
      await world.stop();
    }
  });
}
