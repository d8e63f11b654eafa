import { expect, test } from '@jest/globals';
import { parseKeyCertificate } from '../../wire/documents/index.ts';
import type { GenerateKeyResult } from '../../workflows/generate-key/messages.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { stopRun } from '../../workflows/run-playbook/messages.ts';
import { HISTORY_EVENTS_MAX } from '../../workflows/settings.ts';
import { activitiesOn, openApproval, planOf, seen, type Started, startRun, vote } from './rig/playbooks.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { type Run, runsOf } from './rig/runs.ts';
import { onStage } from './rig/stage.ts';

const on = onStage();
const { stage, start } = on;

const indent = (text: string, by: number): string => text.replaceAll(/^/gm, ' '.repeat(by));
const SET = `- { id: set, summary: Set, action: test.set, with: { what: a }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: a } } }`;
const BURN = `- { id: burn, summary: Burn, action: test.burn, with: { what: x }, timeout: 1m, effect: irreversible }`;
const ASK = `- { id: ask, summary: Ask, timeout: 1h, approval: { class: change, covers: [burn], question: "Burn it?" } }`;

test('a run that grows too long goes on in another execution, with its votes, its variables and what can be undone', async () => {
  const rounds = 120;
  const both = `- id: both
  summary: Ask while counting
  parallel:
    branches:
      ask:
${indent(ASK, 8)}
${indent(BURN, 8)}
      count:
        - id: counting
          summary: Count
          repeat:
            times: ${rounds}
            every: 5ms
            until: vars.count == ${rounds}
            steps:
              - { id: look, summary: Look, probe: test.look, set: { count: vars.count + 1 } }
        - { id: counted, summary: Counted, action: test.note, with: { what: "\${vars.count} rounds" }, timeout: 1m, effect: none }`;
  const handle = await start(`${SET}\n${both}`, 'variables: { count: { type: int, initial: 0 } }');
  const asked = await openApproval(handle, 'ask');
  await vote(handle, asked, [0, 1, 2]);
  const first = (await handle.describe()).runId;
  await seen(handle, 'it has counted to the end', ({ finished }) => finished.includes('counted'), 90_000);
  const { runId, historyLength } = await handle.describe();
  expect(runId).not.toBe(first);
  expect(historyLength).toBeLessThanOrEqual(HISTORY_EVENTS_MAX);
  expect(await openApproval(handle, 'ask')).toMatchObject({ have: 3, request: asked.request });
  await vote(handle, asked, [3, 4, 5, 6]);
  expect(await on.env.client.workflow.getHandle(handle.workflowId).result()).toMatchObject({
    outcome: 'done',
    undoable: [{ step: 'set' }],
  });
  const runs = await runsOf(on.env.client, handle as Parameters<typeof runsOf>[1]);
  expect(runs.length).toBeGreaterThan(1);
  for (const events of runs) expect(events.length).toBeLessThanOrEqual(HISTORY_EVENTS_MAX);
  expect(stage.done.splice(0)).toEqual(['test.set a', `test.note ${rounds} rounds`, 'test.burn x']);
});

test('a run that asks for something while its guards are called back goes on with them, and is not stopped', async () => {
  const rounds = 150;
  const loop = `- id: counting
  summary: Count
  repeat:
    times: ${rounds}
    every: 1ms
    until: vars.count == ${rounds}
    steps:
      - { id: look, summary: Look, probe: test.look, set: { count: vars.count + 1 } }
- id: decide
  summary: Whether it is over
  switch:
    cases:
      - when: vars.count == ${rounds}
        steps:
          - { id: over, summary: Over, end: { outcome: counted } }
- { id: never, summary: Never, action: test.note, with: { what: never }, timeout: 1m, effect: none }`;
  stage.seen = 1;
  const activities = activitiesOn(on.world, stage);
  const asked = Promise.withResolvers<void>();
  let called: 'not yet' | 'back' | 'once' = 'not yet';
  let handle: Started | undefined;
  const meeting = {
    ...activities,
    // They come when the run has asked for another look,
    watchGuard: async (...given: Parameters<typeof activities.watchGuard>) => {
      try {
        return await activities.watchGuard(...given);
      } catch (error) {
        if (called === 'not yet') called = 'back';
        await asked.promise;
        throw error;
      }
    },
    // which is not over before the run knows that they are there.
    lookAt: async (...given: Parameters<typeof activities.lookAt>) => {
      const saw = await activities.lookAt(...given);
      if (called !== 'back') return saw;
      called = 'once';
      asked.resolve();
      await eventually('the run knows that its guards are back', async () => {
        const { events } = (await handle?.fetchHistory()) ?? {};
        const at = events?.findIndex(({ activityTaskCanceledEventAttributes: back }) => back) ?? -1;
        return at >= 0 && events?.slice(at).some((event) => event.workflowTaskCompletedEventAttributes) === true;
      });
      return saw;
    },
  };
  const worker = await startWorker(on.env, { activities: meeting });
  try {
    const plan = planOf(loop, `variables: { count: { type: int, initial: 0 } }\n${guard('page')}`);
    handle = await startRun(on.env.client, on.world, worker.taskQueue, plan);
    expect(await handle.result()).toMatchObject({ outcome: 'done', end: 'counted' });
    expect(stage.done.splice(0)).toEqual([]);
    const runs = await runsOf(on.env.client, handle as Parameters<typeof runsOf>[1]);
    // It was full, called its guards back, and had asked for something when they were back.
    expect(runs.flat().some((event) => patchAt(event) === 'goes-on-when-not-continued')).toBe(true);
  } finally {
    await worker.stop();
  }
});

test('a run whose effects carry much goes on in another execution by its bytes, long before its events are many', async () => {
  const rounds = 24;
  const loop = `- id: counting
  summary: Count
  repeat:
    times: ${rounds}
    every: 1ms
    until: vars.count == ${rounds}
    steps:
      - { id: set, summary: Set, action: test.note, with: { what: a }, timeout: 1m, effect: none, set: { count: vars.count + 1 } }`;
  const activities = activitiesOn(on.world, stage);
  const padding = 'x'.repeat(200_000);
  const heavy = {
    ...activities,
    performAction: async (...given: Parameters<typeof activities.performAction>) => ({
      ...(await activities.performAction(...given)),
      padding,
    }),
  };
  const worker = await startWorker(on.env, { activities: heavy });
  try {
    const plan = planOf(loop, 'variables: { count: { type: int, initial: 0 } }');
    const handle = await startRun(on.env.client, on.world, worker.taskQueue, plan);
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    expect(stage.done.splice(0)).toHaveLength(rounds);
    const runs = await runsOf(on.env.client, handle as Parameters<typeof runsOf>[1]);
    expect(runs).toHaveLength(2);
    for (const events of runs) expect(events.length).toBeLessThan(HISTORY_EVENTS_MAX / 2);
  } finally {
    await worker.stop();
  }
});

/** The name of the patch that an execution met at this event. */
function patchAt({ markerRecordedEventAttributes: marker }: Run[number]): string | undefined {
  const data = marker?.details?.['patch-data']?.payloads?.[0]?.data;
  return data ? (JSON.parse(Buffer.from(data).toString()) as { id: string }).id : undefined;
}

const guard = (onBreach: string): string =>
  `guards: [{ id: enough, summary: Enough is seen, probe: test.look, expect: result.seen > 0, every: 200ms, onBreach: ${onBreach} }]`;
const HOLD = '- { id: hold, summary: Wait, wait: { for: 1h } }';

test('a guard whose worker dies while it is called back costs the run nothing: it ends as its steps did', async () => {
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const worker = await startWorker(on.env, {
    // Neither a word nor a heartbeat, as of a process that was killed.
    activities: { ...activitiesOn(on.world, stage), watchGuard: () => over.promise },
  });
  try {
    const handle = await startRun(on.env.client, on.world, worker.taskQueue, planOf(SET, guard('page')));
    expect(await handle.result()).toMatchObject({ outcome: 'done', undoable: [{ step: 'set' }] });
    expect(stage.done.splice(0)).toEqual(['test.set a']);
    const { events } = await handle.fetchHistory();
    const silent = events?.flatMap(({ activityTaskTimedOutEventAttributes: timedOut }) => timedOut ?? []);
    expect(silent).toHaveLength(1);
  } finally {
    over.reject(new Error('the test is over'));
    await worker.stop();
  }
});

test('a guard that must hold ends the run when it does not, and what was done is taken back', async () => {
  stage.seen = 1;
  const handle = await start(`${SET}\n${HOLD}`, guard('abort'));
  await seen(handle, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  stage.seen = 0;
  expect(await handle.result()).toMatchObject({
    outcome: 'failed',
    refusal: { code: 'policy.guard-breach', message: expect.stringContaining('"seen":0') },
    undone: ['set'],
  });
  expect(stage.done.splice(0)).toEqual(['test.set a', 'test.unset a']);
  await keepHistory(handle, 'run-playbook-guard');
});

test('a guard that only pages says when it breaks and when it holds again, once each', async () => {
  stage.seen = 1;
  const tell = '- { id: tell, summary: Tell, notify: { channels: [pager], message: "begun" } }';
  const handle = await start(`${tell}\n${HOLD}`, guard('page'));
  await seen(handle, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  stage.seen = 0;
  await eventually('it was paged', async () => stage.told.length === 2);
  stage.seen = 1;
  await eventually('it was taken back', async () => stage.told.length === 3);
  await handle.executeUpdate(stopRun, { args: [{ by: 'ann', reason: 'a test' }] });
  expect(await handle.result()).toMatchObject({ refusal: { code: 'policy.run-stopped' } });
  expect(stage.told.splice(0).map(({ text }) => text)).toEqual([
    'begun',
    expect.stringContaining('does not hold'),
    expect.stringContaining('holds again'),
  ]);
});

const KEY = (
  participants: string,
  smallest = 4,
): string => `- { id: ask, summary: Ask, timeout: 1h, approval: { class: change, covers: [key], question: "Make it?" } }
- { id: key, summary: Make a key, workflow: generateKey, with: { epoch: \${inputs.epoch}, purpose: custody, participants: ${participants}, smallest: ${smallest} }, timeout: 2m, effect: irreversible }
- { id: note, summary: Note, action: test.note, with: { what: "key \${steps.key.epoch} \${steps.key.certificate}" }, timeout: 1m, effect: none }`;

test('a key is made by the process of its own, once the committee has approved exactly that', async () => {
  const plan = planOf(KEY('[1, 2, 3, 4, 5]').replace('${inputs.epoch}', '41'));
  const handle = await startRun(on.env.client, on.world, on.taskQueue, plan);
  await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done.splice(0)).toEqual([expect.stringMatching(/^test\.note key 41 [0-9a-f]{64}$/)]);
  const key = await on.env.client.workflow.getHandle('generateKey/test-network/41').result();
  expect(key).toMatchObject({ outcome: 'active' });
  await keepHistory(handle, 'run-playbook-process');
});

test('a key that leaves a suspect out is made by the others, and its certificate names them, the run and the step', async () => {
  const plan = planOf(KEY('[1, 2, 4, 5]').replace('${inputs.epoch}', '43'));
  const handle = await startRun(on.env.client, on.world, on.taskQueue, plan);
  await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  stage.done.splice(0);
  const made = (await on.env.client.workflow.getHandle('generateKey/test-network/43').result()) as GenerateKeyResult;
  if (made.outcome !== 'active') throw new Error(made.refusal.message);
  const context = { signal: AbortSignal.timeout(10_000), deadlineMs: Date.now() + 10_000 };
  const bytes = await on.world.deps.blobs.get(made.key.certificate, context);
  expect(parseKeyCertificate(bytes, 'certificate').package).toMatchObject({
    participants: [1, 2, 4, 5],
    origin: { step: 'key', playbook: plan.digest },
  });
});

test('a key of too few is refused, and not made with everybody instead', async () => {
  const handle = await startRun(
    on.env.client,
    on.world,
    on.taskQueue,
    planOf(KEY('[1, 2, 3]', 3).replace('${inputs.epoch}', '42')),
  );
  await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'input.capability-argument' } });
  await expect(on.env.client.workflow.getHandle('generateKey/test-network/42').describe()).rejects.toThrow();
  expect(stage.done).toEqual([]);
});

test('an action that is silent for too long is tried again', async () => {
  let go = (): void => undefined;
  stage.held.set('quiet', new Promise((resolve) => (go = resolve)));
  const handle = await start(
    '- { id: quiet, summary: Quiet, action: test.note, with: { what: quiet }, timeout: 1m, heartbeat: 300ms, effect: none, retry: { attempts: 5, delay: 500ms } }',
  );
  await eventually(
    'it was given up and tried again',
    async () => stage.begun.filter((what) => what === 'quiet').length > 1,
  );
  go();
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(await handle.query(progressQuery)).toMatchObject({ phase: 'done', percent: 100, awaitingRole: 'nobody' });
  stage.done.length = 0;
});
