import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { principal } from '../../domain/committee/testkit/keys.ts';
import { ROSTER } from '../../workflows/roster/messages.ts';
import {
  addNote,
  closeIncident,
  INCIDENT,
  type IncidentInput,
  incidentQuery,
  startIncident,
} from '../../workflows/incident/messages.ts';
import { answerTask, commandRun, runViewQuery, stopRun } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { activitiesTelling, openIncident, type Opened, seenIncident, signedCommand } from './rig/incidents.ts';
import { activitiesOn, COMMITTEE, emptyStage, planOf } from './rig/playbooks.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

const LOOK = `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }`;
const BEHIND_VOTES = `- { id: ask, summary: The committee decides, timeout: 1h, approval: { class: change, covers: [mark], question: "Mark it?" } }
- { id: mark, summary: Mark it, action: test.set, with: { what: paper }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: paper } } }`;
const by = { by: 'ann', reason: 'a test' };

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
const stage = emptyStage();
const refused: string[] = [];

beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE }, agents: realAgents });
  const { activities } = activitiesTelling(world, stage, { pager: 'pagerduty', chat: 'slack' });
  worker = await startWorker(env, { activities }, { onRefused: (message) => void refused.push(message) });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

async function opened(steps = LOOK, change: Partial<IncidentInput> = {}): Promise<Opened> {
  const handle = await openIncident(env.client, world, worker.taskQueue, planOf(steps), change);
  await seenIncident(handle, 'people are asked', ({ standing }) => standing.next.length > 0);
  return handle;
}
const runOf = ({ workflowId }: Opened) => env.client.workflow.getHandle(workflowId.replace(/^incident/, 'runPlaybook'));
const note = (handle: Opened, text: string) =>
  handle.executeUpdate(addNote, { args: [{ by: 'ann', text, attachments: [], say: false }] });
const answered = (handle: Opened) =>
  runOf(handle).executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: 'smoke' } }] });
/** The record of an alert that nobody answers. */
function openedRecord(workflowId: string): Promise<WorkflowHandle> {
  const alert = { source: 's', fingerprint: 'f', startedAtMs: 1, name: 'n', severity: 'x', network: 'n', summary: '' };
  return env.client.workflow.signalWithStart('recordAlert', {
    workflowId,
    taskQueue: worker.taskQueue,
    args: [{ alert: { ...alert, labels: {}, labelsLeftOut: 0 }, match: { losing: [] } }],
    signal: 'delivered',
    signalArgs: [{ status: 'firing', atMs: Date.now() }],
  });
}
const firedOf = async (record: WorkflowHandle): Promise<number> =>
  (await record.query<{ readonly fired: number }>('alertRecord')).fired;
/** Of the workflow's code: that a message came while a task was answered is the engine's everyday. */
const taskFailures = async (handle: Pick<Opened, 'fetchHistory'>): Promise<readonly string[]> => {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed && failed.failure?.message !== 'UnhandledCommand' ? [failed.failure?.message ?? ''] : [],
  );
};
/** As a watchdog does after somebody terminated it. */
async function reopened(handle: Opened): Promise<Opened> {
  const { events } = await handle.fetchHistory();
  const kept = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const input = defaultPayloadConverter.fromPayload<IncidentInput>(kept ?? {});
  return (await env.client.workflow.start(
    INCIDENT,
    startIncident({ ...input, reopened: 'its execution was terminated' }, worker.taskQueue),
  )) as Opened;
}

test('signals of any shape are counted and brick no incident', async () => {
  const handle = await opened();
  const run = runOf(handle).workflowId;
  const standing = { run, playbook: 'p', phase: 'running', running: [], awaited: [] };
  const hostile: readonly (readonly [string, ...unknown[]])[] = [
    ['runMoved'],
    ['runMoved', null],
    ['runMoved', { standing: { ...standing, awaited: 'q' } }],
    ['runMoved', { standing: { ...standing, frozenUntilMs: 9e15 } }],
    ['runMoved', { standing: { ...standing, run: '__proto__' } }],
    ['alertHeard', null],
    ['alertHeard', {}],
    ['alertHeard', { name: 'F', source: 'p', status: 'firing', atMs: 'now' }],
    ['reportAudit'],
    ['reportAudit', {}],
    ['reportAudit', [{}, null, 5]],
    ['reportAudit', [{ kind: 'incident.closed', facts: { outcome: 'done' }, atMs: 1, by: 'ann' }]],
  ];
  refused.length = 0;
  for (const [name, ...args] of hostile) await handle.signal(name, ...args);
  await note(handle, 'still here');
  // A task that the engine has answered anew, because a message came meanwhile, counts what it refuses anew.
  const counted = (message: string): number => refused.filter((each) => each === message).length;
  expect(counted('runMoved')).toBeGreaterThanOrEqual(5);
  expect(counted('alertHeard')).toBeGreaterThanOrEqual(3);
  expect(counted('reportAudit')).toBeGreaterThanOrEqual(6);
  expect(new Set(refused)).toEqual(new Set(['runMoved', 'alertHeard', 'reportAudit']));
  await answered(handle);
  const { outcome, evidence } = await handle.result();
  expect({ outcome, waiting: evidence.waiting, broken: evidence.broken }).toEqual({ outcome: 'done', waiting: 0 });
  expect(await taskFailures(handle)).toEqual([]);
});

/** What the engine's library throws at: nothing of it is JSON. */
const UNREADABLE: Readonly<
  Record<string, { readonly metadata?: Record<string, Uint8Array>; readonly data?: Uint8Array }>
> = {
  'no payload at all': {},
  'no encoding': { data: Buffer.from('{}') },
  'an encoding that nobody knows': { metadata: { encoding: Buffer.from('binary/own') }, data: Buffer.from('{}') },
  'JSON that is none': { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"standing":') },
  'a message of no known type': {
    metadata: { encoding: Buffer.from('json/protobuf'), messageType: Buffer.from('own.Type') },
    data: Buffer.from('{}'),
  },
};
async function sendUnreadable(workflowId: string, signalName: string): Promise<void> {
  for (const payload of Object.values(UNREADABLE))
    await env.client.workflowService.signalWorkflowExecution({
      namespace: env.namespace ?? 'default',
      workflowExecution: { workflowId },
      signalName,
      input: { payloads: [payload] },
    });
}

test('bytes that nobody can read are counted, and stop neither an incident, nor its run, nor the record of an alert', async () => {
  const handle = await opened();
  const record = await openedRecord('unreadable-alert');
  const signals = [
    [handle.workflowId, 'runMoved'],
    [handle.workflowId, 'alertHeard'],
    [handle.workflowId, 'reportAudit'],
    [record.workflowId, 'delivered'],
  ] as const;
  refused.length = 0;
  for (const [workflowId, name] of signals) await sendUnreadable(workflowId, name);
  // A run takes no signals; one by any name waits there for nobody.
  await sendUnreadable(runOf(handle).workflowId, 'runMoved');
  await note(handle, 'still here');
  await record.signal('delivered', { status: 'firing', atMs: Date.now() });
  await eventually('the record goes on', async () => (await firedOf(record)) === 2);
  for (const [, name] of signals)
    expect([name, refused.filter((each) => each === name).length]).toEqual([name, Object.keys(UNREADABLE).length]);
  await answered(handle);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect([await taskFailures(handle), await taskFailures(runOf(handle)), await taskFailures(record)]).toEqual([
    [],
    [],
    [],
  ]);
  await record.terminate();
});

test('a forged word that the run has ended ends no incident', async () => {
  const handle = await opened();
  const standing = { run: runOf(handle).workflowId, playbook: 'p', phase: 'done', running: [], awaited: [] };
  const forged = { standing, result: { outcome: 'done', end: 'completed', undoable: [] } };
  await handle.signal('runMoved', forged);
  await note(handle, 'still here');
  await handle.terminate('a click');
  const again = await reopened(handle);
  await again.signal('runMoved', forged);
  await note(again, 'still here');
  expect((await again.query(incidentQuery)).standing.phase).toBe('responding');
  await answered(again);
  expect(await again.result()).toMatchObject({ outcome: 'done', result: { end: 'completed' } });
});

test('an alert record and a roster outlive messages of any shape', async () => {
  const record = await openedRecord('hostile-alert');
  await record.signal('delivered');
  await record.signal('delivered', { status: 'firing', atMs: Date.now() });
  await eventually('both are counted', async () => (await firedOf(record)) === 2);
  const roster = await env.client.workflow.start(ROSTER, {
    workflowId: 'hostile-roster',
    taskQueue: worker.taskQueue,
    args: [{ network: 'n' }],
  });
  for (const said of [null, { do: 'pause', validator: {}, reason: 5 }])
    await expect(roster.executeUpdate('commandRoster', { args: [said] })).rejects.toMatchObject({
      cause: { type: 'input.document-field' },
    });
  expect([await taskFailures(record), await taskFailures(roster)]).toEqual([[], []]);
  await record.terminate();
  await roster.terminate();
});

test('half a surrogate pair is refused where people write, and stops no record where an alert brings it', async () => {
  const half = 'a\ud83d';
  const playbook = { name: 'X', severity: 'SEV1', network: 'n', summary: `a${'\u{1f600}'.repeat(600)}`, labels: {} };
  const plan = planOf(LOOK);
  const first = await opened();
  await expect(note(first, half)).rejects.toMatchObject({ cause: { type: 'input.incident-message' } });
  await expect(
    runOf(first).executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: half } }] }),
  ).rejects.toMatchObject({ cause: { type: 'input.task-answer' } });
  const { events } = await first.fetchHistory();
  const kept = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const input = defaultPayloadConverter.fromPayload<IncidentInput>(kept ?? {});
  const handle = await openIncident(env.client, world, worker.taskQueue, plan, {
    title: `Of ${half}`,
    alert: { name: half, source: 'prometheus', startedAtMs: 1 },
    playbook: { ...input.playbook, alert: playbook },
  });
  await seenIncident(handle, 'people are asked', ({ standing }) => standing.next.length > 0);
  for (const each of [first, handle]) {
    await answered(each);
    const { evidence } = await each.result();
    expect({ waiting: evidence.waiting, broken: evidence.broken, some: evidence.count > 5 }).toEqual({
      waiting: 0,
      some: true,
    });
  }
});

test('one signature leads past no approval, neither by a resume nor at the executor', async () => {
  const handle = await opened(BEHIND_VOTES);
  const run = runOf(handle);
  await run.executeUpdate(stopRun, { args: [by] });
  await seenIncident(handle, 'it has halted', ({ standing }) =>
    standing.next.some(({ what }) => what.includes('has halted')),
  );
  const { run: name } = await run.query(runViewQuery);
  const resume = { command: 'resume', arguments: { step: 'mark', reason: 'go' } } as const;
  await expect(
    run.executeUpdate(commandRun, {
      args: [signedCommand(world.deps.genesis, handle.workflowId, name, resume, principal(4))],
    }),
  ).rejects.toMatchObject({ cause: { type: 'policy.resume-unapproved' } });
  // Nor does a workflow that is made to leave the proof out.
  const { playbook } = await run.query(runViewQuery);
  const { genesis } = world.deps;
  const given = { network: genesis.name, run: name, playbook, epochs: [], orders: [], key: 'k', seconds: 5 };
  const perform = (asked: { readonly step: string; readonly coveredBy?: string }) =>
    new MockActivityEnvironment().run(activitiesOn(world, stage).performAction, {
      ...given,
      action: 'test.set',
      arguments: { what: 'paper' },
      asked,
    });
  await expect(perform({ step: 'mark', coveredBy: 'ask' })).rejects.toMatchObject({ type: 'policy.step-unapproved' });
  expect(stage.done).toEqual([]);
  expect(await perform({ step: 'mark' })).toMatchObject({ outcome: 'done' });
  await run.terminate();
  await handle.terminate();
});

test('an incident that was opened again sees that its run has ended, or is gone, and can be closed', async () => {
  const ended = await opened();
  await ended.terminate('a click');
  await answered(ended);
  await runOf(ended).result();
  expect(await (await reopened(ended)).result()).toMatchObject({ outcome: 'done', result: { outcome: 'done' } });

  const gone = await opened();
  await gone.terminate('a click');
  const again = await reopened(gone);
  await seenIncident(again, 'it is told of', ({ timeline }) => timeline.some(({ kind }) => kind === 'notice'));
  // Its run goes on: it is not closed over that.
  await expect(again.executeUpdate(closeIncident, { args: [by] })).rejects.toMatchObject({
    cause: { type: 'conflict.incident-phase' },
  });
  await runOf(gone).terminate('a click');
  expect(await again.executeUpdate(closeIncident, { args: [by] })).toEqual({ closed: true });
  expect(await again.result()).toMatchObject({ outcome: 'closed', result: { outcome: 'failed' } });
});
