import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime } from '@temporalio/worker';
import { createActivities } from '../../activities/activities.ts';
import { channelsOf } from '../../activities/notice/channels.ts';
import type { Bindings, Values } from '../../activities/playbook/binding.ts';
import { bindingsWith } from '../../activities/playbook/bindings.ts';
import { createPlaybookActivities } from '../../activities/playbook/index.ts';
import type { Capability, Catalogue } from '../../domain/playbook/catalogue.ts';
import type { DeliveryReceipt, Notifier } from '../../domain/ports/notifier.ts';
import { memory, type ToldMessage } from '../../plugins/notifier/memory/index.ts';
import { foundIn, hayOf, needlesOfText } from '../../devnet/canary/needles.ts';
import { bundleOf, factsOf } from './rig/evidence.ts';
import { activitiesTelling, openIncident, seenIncident } from './rig/incidents.ts';
import { realAgents } from './rig/agents.ts';
import { activitiesOn, COMMITTEE, emptyStage, openApproval, planOf, startRun, vote } from './rig/playbooks.ts';
import { startWorker } from './rig/rig.ts';
import { startServer } from './rig/server.ts';
import { raiseSeverity } from '../../workflows/incident/messages.ts';
import { trailQuery } from '../../workflows/lib/messages.ts';
import { answerTask } from '../../workflows/run-playbook/messages.ts';
import { testWorld, type TestWorld } from './rig/world.ts';

/** What no history, memo, record or message may hold; it is in everything that a hostile plug-in throws or says. */
const CANARY = randomBytes(16).toString('hex');
const NEEDLES = needlesOfText('canary', CANARY);

/** Plug-ins of others are JavaScript, and throw whatever they like. */
const rejects = (reason: unknown): Promise<never> => Promise.reject(reason as Error);
/** Everything that a plug-in may do instead of its work, by how the step is to end. */
const HOSTILE: Readonly<Record<string, readonly [ends: 'failed' | 'finished', does: () => unknown]>> = {
  never: ['failed', () => new Promise(() => undefined)],
  nothing: ['failed', () => rejects(undefined)],
  text: ['failed', () => rejects(CANARY)],
  message: ['failed', () => Promise.reject(new Error(CANARY))],
  huge: ['failed', () => Promise.reject(new RangeError(CANARY.repeat(100_000)))],
  named: ['failed', () => Promise.reject(Object.assign(new Error('x'), { name: CANARY }))],
  getters: [
    'failed',
    () =>
      rejects({
        get code() {
          throw new Error(CANARY);
        },
        get message() {
          throw new Error(CANARY);
        },
      }),
  ],
  atonce: [
    'failed',
    () => {
      throw new Error(CANARY);
    },
  ],
  empty: ['failed', async () => undefined],
  words: ['failed', async () => CANARY],
  shape: ['failed', async () => ({ seen: CANARY, reference: CANARY })],
  more: ['finished', async () => ({ seen: 1, debug: CANARY, big: 1n })],
};
const KINDS = Object.keys(HOSTILE);

const capability = (results: Capability['results']): Capability => ({
  summary: 'of a test',
  effect: 'none',
  idempotent: true,
  arguments: {},
  results,
});
const each = <T>(prefix: string, make: (kind: string) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(KINDS.map((kind) => [`${prefix}${kind}`, make(kind)]));
const SEEN = { seen: 'int' } as const;
const catalogue: Catalogue = {
  channels: ['pager', ...KINDS],
  actions: each('act.', () => capability(SEEN)),
  workflows: {},
  probes: each('look.', () => capability(SEEN)),
  playbooks: {},
};

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
const told: ToldMessage[] = [];
const stored: Uint8Array[] = [];

const behaves = (kind: string) => async (): Promise<Values> => HOSTILE[kind]?.[1]() as Promise<Values>;
/** With a receipt where the others would give results. */
const hostileNotifier = (kind: string): Notifier => {
  const receipt = { route: kind, reference: 'r', state: 'shown', exercise: true, atMs: 1, missed: 0, debug: CANARY };
  const say = (kind === 'more' ? async () => receipt : () => HOSTILE[kind]?.[1]()) as () => Promise<DeliveryReceipt>;
  return { route: kind, send: say, update: say, resolve: say };
};

beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE }, agents: realAgents });
  const { blobs, genesis } = world.deps;
  const pager: Notifier = Object.assign(memory({})({ told }), { route: 'pager' });
  const { never: _never, ...answering } = each('', hostileNotifier);
  const deps = {
    ...world.deps,
    blobs: {
      ...blobs,
      put: (...[bytes, context]: Parameters<typeof blobs.put>) => {
        stored.push(bytes);
        return blobs.put(bytes, context);
      },
    },
    channels: channelsOf({ pager, ...each('', hostileNotifier) }, genesis, Date.now),
    // One that never answers costs an incident a minute each time, and that is told in `deliver.test.ts`.
    notifiers: { pager, ...answering },
  };
  const real = bindingsWith(deps.channels);
  const bindings: Bindings = {
    ...real,
    actions: each('act.', (kind) => ({ effect: 'none' as const, results: SEEN, perform: behaves(kind) })),
    probes: each('look.', (kind) => ({ results: SEEN, look: behaves(kind) })),
  };
  worker = await startWorker(env, {
    activities: { ...createActivities(deps), ...createPlaybookActivities(deps, bindings) },
  });
}, 120_000);
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await env?.teardown();
  await Runtime.instance().shutdown();
});

/** Only what never answers ends by its time: the others have enough on a busy machine too. */
const once = (kind: string): string => `timeout: ${kind === 'never' ? '1s' : '30s'}, retry: { attempts: 1 }`;
const STEPS: Readonly<Record<string, (kind: string) => string>> = {
  act: (kind) => `action: act.${kind}, effect: none, ${once(kind)}`,
  look: (kind) => `probe: look.${kind}, ${once(kind)}`,
  tell: (kind) => `notify: { channels: [pager, ${kind}], message: "by ${kind}", confirm: 2 }, ${once(kind)}`,
};

/** Beside each other: what each of them waits for is time that was given to somebody who lets it pass. */
test.concurrent.each(Object.keys(STEPS))(
  'whatever stands behind a step to %s, the step ends, the incident is over, and no secret is kept or told',
  async (verb) => {
    const branches = KINDS.map(
      (kind) =>
        `      ${kind}: [{ id: ${verb}${kind}, summary: Of a plug-in, onFailure: continue, ${STEPS[verb]?.(kind) ?? ''} }]`,
    );
    const plan = planOf(
      ['- id: all', '  summary: All of them', '  parallel:', '    branches:', ...branches].join('\n'),
      '',
      catalogue,
    );
    const incident = await openIncident(env.client, world, worker.taskQueue, plan);
    const { outcome, evidence } = await incident.result();
    expect(outcome).toBe('done');
    const { records } = await bundleOf(world, evidence);
    const ends = factsOf(records, 'step.ended').flatMap(({ step, outcome: end }) =>
      step === 'all' ? [] : [[step, end]],
    );
    expect(Object.fromEntries(ends)).toEqual(
      Object.fromEntries(KINDS.map((kind) => [`${verb}${kind}`, HOSTILE[kind]?.[0]])),
    );

    const run = env.client.workflow.getHandle(incident.workflowId.replace(/^incident/, 'runPlaybook'));
    const hays = await Promise.all(
      [incident, run].map(async (handle) => [await handle.fetchHistory(), (await handle.describe()).memo]),
    );
    const kept = [hays, told, stored, records];
    expect(foundIn(hayOf(kept), NEEDLES)).toEqual([]);
    expect(foundIn(hayOf([kept, { planted: `x${CANARY}x` }]), NEEDLES)).not.toEqual([]);
  },
  240_000,
);

const LOOK = `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }`;

test.concurrent('with a blob store that fails people are told, and the incident ends', async () => {
  let stores = true;
  const { blobs } = world.deps;
  const put: typeof blobs.put = (bytes, context) =>
    stores ? blobs.put(bytes, context) : Promise.reject(new Error('the disk is full'));
  const deps = { ...world.deps, blobs: { ...blobs, put } };
  const { activities } = activitiesTelling({ ...world, deps, activities: createActivities(deps) }, emptyStage(), {
    pager: 'pagerduty',
    chat: 'slack',
  });
  const own = await startWorker(env, { activities });
  try {
    const handle = await openIncident(env.client, world, own.taskQueue, planOf(LOOK));
    await seenIncident(handle, 'people are asked', ({ standing }) => standing.next.length > 0);
    stores = false;
    await handle.executeUpdate(raiseSeverity, { args: [{ severity: 'SEV1', by: 'ann', reason: 'a test' }] });
    await seenIncident(handle, 'people are told', ({ timeline }) =>
      timeline.some(({ kind, text }) => kind === 'notice' && text.includes('(severity)')),
    );
    const run = env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook'));
    await run.executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: 'smoke' } }] });
    const { outcome, evidence } = await handle.result();
    expect(outcome).toBe('done');
    // It says itself what it could not write.
    expect(evidence.waiting).toBeGreaterThan(0);
    await expect(handle.query(trailQuery)).resolves.toMatchObject({ waiting: evidence.waiting });
  } finally {
    await own.stop();
  }
}, 240_000);

const KEY = `- { id: ask, summary: Ask, timeout: 1h, approval: { class: change, covers: [key], question: "Make it?" } }
- { id: key, summary: Make a key, workflow: generateKey, with: { epoch: 1, purpose: custody, participants: [1, 2, 3, 4, 5], smallest: 4 }, timeout: 2s, effect: irreversible }`;

test('a process that cannot be prepared costs its step the time of the step, and not the incident for ever', async () => {
  let tries = 0;
  const activities = {
    ...activitiesOn(world, emptyStage()),
    prepareProcess: async (): Promise<never> => {
      tries += 1;
      throw new TypeError(CANARY);
    },
  };
  const own = await startWorker(env, { activities });
  try {
    const run = await startRun(env.client, world, own.taskQueue, planOf(KEY));
    await vote(run, await openApproval(run, 'ask'), [0, 1, 3, 4, 5, 6, 7]);
    expect(await run.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'unavailable.step-timeout' } });
    expect(tries).toBeGreaterThan(0);
  } finally {
    await own.stop();
  }
}, 120_000);
