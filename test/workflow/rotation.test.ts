import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Catalogue } from '../../domain/playbook/catalogue.ts';
import { parseKeyCertificate } from '../../wire/documents/index.ts';
import {
  GENERATE_KEY,
  type GenerateKeyResult,
  generateKeyId,
  startGenerateKey,
} from '../../workflows/generate-key/messages.ts';
import {
  activitiesOn,
  CATALOGUE,
  COMMITTEE,
  emptyStage,
  openApproval,
  planOf,
  type Stage,
  startRun,
  vote,
} from './rig/playbooks.ts';
import { keepHistory, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
let world: TestWorld;
let stage: Stage;
let worker: Awaited<ReturnType<typeof startWorker>>;
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE } });
  stage = emptyStage();
  worker = await startWorker(env, { activities: activitiesOn(world, stage) });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

const catalogue: Catalogue = {
  ...CATALOGUE,
  actions: {
    ...CATALOGUE.actions,
    'roster.choose': {
      summary: 'of a test',
      effect: 'none',
      idempotent: true,
      arguments: { without: { type: 'list<validator>', optional: false } },
      results: { participants: 'list<validator>', smallest: 'int', epoch: 'int', nextEpoch: 'int' },
    },
  },
};

const ROTATION = `- { id: roster, summary: Who, action: roster.choose, with: { without: "\${[3]}" }, timeout: 1m, effect: none }
- { id: consent, summary: Ask, timeout: 1h, approval: { class: change, covers: [rotate, use], question: "Make it, and use it?" } }
- { id: rotate, summary: Make it, workflow: generateKey, with: { epoch: "\${steps.roster.nextEpoch}", purpose: custody, participants: "\${steps.roster.participants}", smallest: "\${steps.roster.smallest}" }, timeout: 5m, effect: irreversible }
- { id: use, summary: Use it, action: test.burn, with: { what: "\${steps.rotate.certificate}" }, timeout: 1m, effect: irreversible }
- { id: note, summary: Note, action: test.note, with: { what: "left \${steps.roster.epoch}" }, timeout: 1m, effect: none }`;

const resultOf = async (epoch: number): Promise<Extract<GenerateKeyResult, { outcome: 'active' }>> => {
  const made = (await env.client.workflow
    .getHandle(generateKeyId(world.deps.genesis.name, epoch))
    .result()) as GenerateKeyResult;
  if (made.outcome !== 'active') throw new Error(made.refusal.message);
  return made;
};

test('a rotation names who is left, and what follows gets the certificate of exactly the key that its step made', async () => {
  const first = { network: world.deps.genesis.name, epoch: 1, purpose: 'custody' };
  await env.client.workflow.execute(GENERATE_KEY, startGenerateKey(first, worker.taskQueue));
  const plan = planOf(ROTATION, '', catalogue);
  const handle = await startRun(env.client, world, worker.taskQueue, plan);
  await vote(handle, await openApproval(handle, 'consent'), [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });

  const made = await resultOf(2);
  const context = { signal: AbortSignal.timeout(10_000), deadlineMs: Date.now() + 10_000 };
  const bytes = await world.deps.blobs.get(made.key.certificate, context);
  const key = parseKeyCertificate(bytes, 'certificate').package;
  expect(key.participants).toEqual([1, 2, 4, 5]);
  expect(key.origin).toMatchObject({ step: 'rotate', playbook: plan.digest });
  // The approval names the output of the step; the executor reads it from the certificate and refuses any other value.
  expect(stage.done.splice(0)).toEqual([`test.burn ${made.key.certificate.digest}`, 'test.note left 1']);
  await keepHistory(handle, 'rotation');
});

test('too few are left: nobody is asked to vote, and no key is made', async () => {
  const few = ROTATION.replace('[3]', '[1, 3]');
  const handle = await startRun(env.client, world, worker.taskQueue, planOf(few, '', catalogue));
  expect(await handle.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.roster-small' } });
  expect(stage.done).toEqual([]);
});
