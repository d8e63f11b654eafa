import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities/activities.ts';
import { channelsOf } from '../../activities/notice/channels.ts';
import type { Bindings, Values } from '../../activities/playbook/binding.ts';
import { bindingsWith } from '../../activities/playbook/bindings.ts';
import { createPlaybookActivities } from '../../activities/playbook/index.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import type { Capability, Catalogue } from '../../domain/playbook/catalogue.ts';
import type { DeliveryReceipt, Notifier } from '../../domain/ports/notifier.ts';
import { memory, type ToldMessage } from '../../plugins/notifier/memory/index.ts';
import { createLogger } from '../../telemetry/log.ts';
import { foundIn, hayOf, needlesOfText } from '../../devnet/canary/needles.ts';
import { bundleOf, factsOf } from './rig/evidence.ts';
import { activitiesTelling, openIncident, type Opened, seenIncident } from './rig/incidents.ts';
import { realAgents } from './rig/agents.ts';
import { activitiesOn, COMMITTEE, emptyStage, openApproval, planOf, startRun, vote } from './rig/playbooks.ts';
import { startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
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
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

const runOf = ({ workflowId }: Pick<Opened, 'workflowId'>) =>
  env.client.workflow.getHandle(workflowId.replace(/^incident/, 'runPlaybook'));
/** The log of a worker as it is written. */
function ownLog(): { readonly lines: string[]; readonly logger: TestWorld['deps']['logger'] } {
  const lines: string[] = [];
  return { lines, logger: createLogger({ name: 'worker', destination: { write: (line) => void lines.push(line) } }) };
}
/** Which of what was planted stands in the histories and memos, or in whatever else was said. */
async function secretKeptIn(handles: readonly Pick<Opened, 'fetchHistory' | 'describe'>[], more: unknown) {
  const hays = await Promise.all(
    handles.map(async (handle) => [await handle.fetchHistory(), (await handle.describe()).memo]),
  );
  return foundIn(hayOf([hays, more]), NEEDLES);
}

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

    const whole = [incident, runOf(incident)];
    expect(await secretKeptIn(whole, [told, stored, records])).toEqual([]);
    expect(await secretKeptIn(whole, [told, stored, records, { planted: `x${CANARY}x` }])).not.toEqual([]);
  },
  240_000,
);

const LOOK = `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }`;

const pagerAndChat = { pager: 'pagerduty', chat: 'slack' };
/** The port is only what it says: a lying store has kept the bytes, or others, and names something else. */
const STORES: Readonly<Record<string, TestWorld['deps']['blobs']['put']>> = {
  fails: () => Promise.reject(new Error(`the disk is full, password=${CANARY}`)),
  hangs: () => new Promise(() => undefined),
  lies: async () => ({ digest: sha256Hex(Buffer.from(CANARY)), sizeBytes: CANARY.length }),
  'gives words': async () => CANARY as never,
};

test.concurrent.each(Object.keys(STORES))(
  'with a blob store that %s people are told, and the incident ends and says what is not written',
  async (kind) => {
    let stores = true;
    const { blobs } = world.deps;
    const put: typeof blobs.put = (bytes, context) =>
      stores ? blobs.put(bytes, context) : (STORES[kind] as typeof blobs.put)(bytes, context);
    const { lines, logger } = ownLog();
    const deps = { ...world.deps, logger, blobs: { ...blobs, put } };
    const { told: said, activities } = activitiesTelling(
      { ...world, deps, activities: createActivities(deps) },
      emptyStage(),
      pagerAndChat,
    );
    const own = await startWorker(env, { activities });
    try {
      const handle = await openIncident(env.client, world, own.taskQueue, planOf(LOOK));
      await seenIncident(handle, 'people are asked', ({ standing }) => standing.next.length > 0);
      stores = false;
      await handle.executeUpdate(raiseSeverity, { args: [{ severity: 'SEV1', by: 'ann', reason: 'a test' }] });
      await seenIncident(handle, 'people are told', ({ timeline }) =>
        timeline.some(({ kind: what, text }) => what === 'notice' && text.includes('(severity)')),
      );
      const run = runOf(handle);
      await run.executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: 'smoke' } }] });
      const { outcome, evidence } = await handle.result();
      expect(outcome).toBe('done');
      // It says itself what it could not write.
      expect(evidence.waiting).toBeGreaterThan(0);
      await expect(handle.query(trailQuery)).resolves.toMatchObject({ waiting: evidence.waiting });
      expect(await secretKeptIn([handle, run], [said, evidence, lines])).toEqual([]);
    } finally {
      await own.stop();
    }
  },
  240_000,
);

test.concurrent('a plan of which the store gives other bytes ends its run with that, and nothing of them is told', async () => {
  const { blobs } = world.deps;
  const lying = { ...blobs, get: async () => Buffer.from(`x${CANARY}`) };
  const { lines, logger } = ownLog();
  const own = await startWorker(env, { activities: createActivities({ ...world.deps, logger, blobs: lying }) });
  try {
    const run = await startRun(env.client, world, own.taskQueue, planOf(LOOK));
    const result = await run.result();
    expect(result).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.blob-damaged' } });
    expect(await secretKeptIn([run], [result, lines])).toEqual([]);
  } finally {
    await own.stop();
  }
});

test.concurrent("a store that keeps a plan to itself is somebody's business after a minute, and the run begins once it answers", async () => {
  let hangs = true;
  const { blobs } = world.deps;
  const get: typeof blobs.get = (ref, context) => (hangs ? new Promise(() => undefined) : blobs.get(ref, context));
  const deps = { ...world.deps, blobs: { ...blobs, get } };
  const own = await startWorker(env, { activities: createActivities(deps) });
  try {
    const handle = await openIncident(
      env.client,
      world,
      own.taskQueue,
      planOf('- { id: rest, summary: Rest, wait: { for: 1s } }'),
    );
    await seenIncident(handle, 'operations are asked', ({ standing }) =>
      standing.next.some(({ role, what }) => role === 'operations' && what.includes('blob store')),
    );
    hangs = false;
    expect((await handle.result()).outcome).toBe('done');
  } finally {
    await own.stop();
  }
}, 240_000);

test.concurrent('a channel that hangs for all of its time costs each notice that and no more: the incident ends, and the others are told', async () => {
  const heard: ToldMessage[] = [];
  let asked = 0;
  /** Says nothing until nobody listens any more. */
  const hang: Notifier['send'] = (_notice, { deadlineMs }) => {
    asked += 1;
    return new Promise((_resolve, reject) => {
      setTimeout(() => reject(new Error(CANARY)), deadlineMs - Date.now() + 100).unref();
    });
  };
  const deaf: Notifier = {
    route: 'deaf',
    send: hang,
    update: (notice, _first, context) => hang(notice, context),
    resolve: (notice, _first, context) => hang(notice, context),
  };
  const pager: Notifier = Object.assign(memory({})({ told: heard }), { route: 'pagerduty' });
  const { lines, logger } = ownLog();
  const deps = { ...world.deps, logger, notifiers: { pager, deaf } };
  const own = await startWorker(env, { activities: createActivities(deps) });
  try {
    const handle = await openIncident(env.client, world, own.taskQueue, planOf(LOOK));
    const run = runOf(handle);
    await seenIncident(handle, 'people are asked', ({ standing }) => standing.next.length > 0);
    await run.executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: 'smoke' } }] });
    const { outcome, evidence } = await handle.result();
    expect(outcome).toBe('done');
    const { records } = await bundleOf(world, evidence);
    const notices = factsOf(records, 'notice.sent');
    expect(notices.map(({ confirmed, silent }) => [confirmed, silent])).toEqual(
      notices.map(() => [['pagerduty'], ['deaf']]),
    );
    expect([notices.length, heard.flatMap(({ said }) => said).length]).toEqual([asked, asked]);
    expect(heard.map(({ over }) => over)).toEqual([true]);
    expect(await secretKeptIn([handle, run], [heard, records, lines])).toEqual([]);
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
});
