import { describe, expect, test } from '@jest/globals';
import { alertmanagerBody, asAlertmanager, type SentAlert } from '../../api/testkit/delivering.ts';
import { INCIDENT } from '../../workflows/incident/messages.ts';
import { alertRecordQuery, RECORD_ALERT, type RecordAlertResult } from '../../workflows/record-alert/messages.ts';
import { onApi } from './rig/api.ts';
import { remembered } from './rig/incidents.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';

const TASK_QUEUE = `alerts-${process.pid}`;
const on = onApi(TASK_QUEUE);

const worker = (maxCachedWorkflows = 50) =>
  startWorker(on.env, { activities: {} }, { taskQueue: TASK_QUEUE, maxCachedWorkflows });
type Answer = { readonly id: string; readonly state: string };
async function deliver(...alerts: SentAlert[]): Promise<readonly Answer[]> {
  const response = await asAlertmanager(on.api.url, alertmanagerBody(alerts));
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { recorded: Answer[] }).recorded;
}
const one = async (alert: SentAlert): Promise<Answer> => (await deliver(alert))[0] ?? { id: '', state: '' };
const handle = (id: string) => on.env.client.workflow.getHandle(id);
const incidentOf = (id: string): string => `incident/laptop/${id.split('/').at(-1)}`;
/** Names of executions of a type, each run counted. */
async function runsOf(type: string, ids: (id: string) => boolean = () => true): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const run of on.env.client.workflow.list({ query: `WorkflowType = '${type}'` }))
    if (ids(run.workflowId)) found.push(run.workflowId);
  return found.sort();
}

describe('an alert', () => {
  test('is durable when its sender is answered, with no worker running, and is answered when one comes', async () => {
    const { id, state } = await one({ id: 'no-worker', labels: { validator: '1' } });
    expect(state).toBe('heard');
    expect((await handle(id).describe()).status.name).toBe('RUNNING');
    const first = await worker();
    try {
      await eventually('the incident is open', async () => (await runsOf(INCIDENT)).includes(incidentOf(id)));
      await eventually(
        'its record knows it',
        async () => (await handle(id).query(alertRecordQuery)).incident === incidentOf(id),
      );
    } finally {
      await first.stop();
    }
  });

  test('opens one incident through repeats and a worker that is replaced, and ends when it is resolved', async () => {
    const life = { id: 'life', labels: { validator: '2' } };
    const { id } = await one(life);
    const first = await worker();
    await eventually('it is answered', async () => (await handle(id).query(alertRecordQuery)).incident !== undefined);
    await first.stop();
    expect((await one(life)).state).toBe('heard');
    expect((await one({ ...life, summary: 'said otherwise' })).id).toBe(id);
    const second = await worker(0);
    try {
      await one({ ...life, status: 'resolved' });
      const result = (await handle(id).result()) as RecordAlertResult;
      expect(result).toMatchObject({
        outcome: 'resolved',
        record: { fired: 3, resolved: 1, incident: incidentOf(id) },
      });
      await keepHistory(handle(id), 'record-alert');
      expect(await runsOf(INCIDENT, (name) => name === incidentOf(id))).toHaveLength(1);
      // The incident has heard of it, and goes on: it is its own.
      await eventually('the incident has heard of it', async () => {
        const { alerts } = await remembered(handle(incidentOf(id)));
        return alerts.firing === 0 && alerts.resolved === 1;
      });
      expect((await handle(incidentOf(id)).describe()).status.name).toBe('RUNNING');
      // What comes late opens nothing; what fires again is another alert.
      expect(await one(life)).toEqual({ id, state: 'over' });
      expect(await one({ ...life, status: 'resolved' })).toEqual({ id, state: 'over' });
      const again = await one({ ...life, startedAt: '2026-11-24T21:00:00Z' });
      expect(again).toMatchObject({ state: 'heard' });
      expect(again.id).not.toBe(id);
      await eventually('another incident', async () => (await runsOf(INCIDENT)).includes(incidentOf(again.id)));
      expect(await runsOf(RECORD_ALERT, (name) => name === id)).toHaveLength(1);
    } finally {
      await second.stop();
    }
  });

  test('whose resolution overtook it is answered all the same', async () => {
    const { id } = await one({ id: 'overtaken', labels: { validator: '3' }, status: 'resolved' });
    const running = await worker();
    try {
      await eventually('it is heard', async () => (await handle(id).query(alertRecordQuery)).resolved === 1);
      expect(await runsOf(INCIDENT, (name) => name === incidentOf(id))).toEqual([]);
      await one({ id: 'overtaken', labels: { validator: '3' } });
      expect(await handle(id).result()).toMatchObject({ outcome: 'resolved', record: { incident: incidentOf(id) } });
    } finally {
      await running.stop();
    }
  });

  test('that was terminated by a click is begun again by its next repeat, and one that ended is not', async () => {
    const { id } = await one({ id: 'clicked' });
    await handle(id).terminate('a click');
    expect(await one({ id: 'clicked' })).toEqual({ id, state: 'heard' });
    expect((await handle(id).describe()).status.name).toBe('RUNNING');
  });

  test('that no playbook answers is kept, with every loser and its reason, and opens nothing', async () => {
    const { id } = await one({ id: 'strange', name: 'Strange' });
    const running = await worker();
    try {
      await eventually('it is unanswered', async () => (await phaseOf(id)) === 'unanswered');
      expect(await runsOf(INCIDENT, (name) => name === incidentOf(id))).toEqual([]);
    } finally {
      await running.stop();
    }
  });

  test('by any text is no markup on its page, and drives no terminal', async () => {
    const hostile = '\u001b[2J[x](javascript:alert(1)) <img src=x> `{{7*7}}` $(reboot)\n# resolved \u202e';
    const { id } = await one({ id: 'hostile', name: hostile, summary: hostile, labels: { note: hostile } });
    const running = await worker();
    try {
      await eventually('it is unanswered', async () => (await phaseOf(id)) === 'unanswered');
      const { raw } = await handle(id).describe();
      const page = JSON.stringify([await handle(id).fetchHistory(), raw.workflowExecutionInfo?.memo], (_key, value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
      );
      const { staticDetails, staticSummary } = await texts(id);
      for (const text of [staticSummary, staticDetails]) {
        expect(text.replaceAll(/`[^`\n]*`/g, '')).not.toMatch(/[<>[\]{}$#]|javascript/);
        expect(text).not.toMatch(/\{\{|\$\(/);
      }
      expect(page).not.toContain('\\u001b');
      expect(page).not.toContain('\u202e');
    } finally {
      await running.stop();
    }
  });
});

async function phaseOf(id: string): Promise<unknown> {
  return (await handle(id).describe()).searchAttributes['Phase']?.[0];
}
async function texts(id: string): Promise<{ readonly staticSummary: string; readonly staticDetails: string }> {
  const description = await handle(id).describe();
  return {
    staticSummary: (await description.staticSummary()) ?? '',
    staticDetails: (await description.staticDetails()) ?? '',
  };
}
