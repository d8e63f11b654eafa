import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import type { Activities } from '../../activities/activities.ts';
import { alertmanagerBody, asAlertmanager, asScript, type SentAlert } from '../../api/testkit/delivering.ts';
import { ANSWER_ALERTS, askedSignal, startAnswerAlerts } from '../../workflows/answer-alerts/messages.ts';
import { alertHeardSignal, INCIDENT, incidentQuery } from '../../workflows/incident/messages.ts';
import { alertRecordQuery } from '../../workflows/record-alert/messages.ts';
import { HISTORY_EVENTS_MAX } from '../../workflows/settings.ts';
import { onApi } from './rig/api.ts';
import { remembered } from './rig/incidents.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { BLOB } from './rig/scripted.ts';

const TASK_QUEUE = `linked-${process.pid}`;
const on = onApi(TASK_QUEUE);

/** What was recorded as evidence, as `<incident> <kind> <alert> <summary>`. */
const evidence: string[] = [];
/** People are told and records are kept; everything else waits. */
const activities: Partial<Activities> = {
  notify: async () => ({ receipts: {}, silent: [] }),
  recordAudit: async ({ incident, chain, entries }) => {
    for (const { kind, facts } of entries)
      if ('alert' in facts)
        evidence.push(
          `${incident.slice(0, incident.lastIndexOf('/'))} ${kind} ${facts.alert} ${'summary' in facts ? facts.summary : ''}`.trim(),
        );
    return { chain: { ...chain, count: chain.count + entries.length }, page: BLOB };
  },
  openRun: () => forEver(),
  committeeNow: () => forEver(),
};
async function forEver(): Promise<never> {
  const { cancelled, heartbeat } = Context.current();
  const beating = setInterval(heartbeat, 500);
  try {
    return await cancelled;
  } finally {
    clearInterval(beating);
  }
}
const worker = (maxCachedWorkflows = 50) =>
  startWorker(on.env, { activities }, { taskQueue: TASK_QUEUE, maxCachedWorkflows });
const handle = (id: string) => on.env.client.workflow.getHandle(id);
const recordedBy = async (sent: Promise<Response>): Promise<readonly string[]> => {
  const response = await sent;
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { recorded: { id: string }[] }).recorded.map(({ id }) => id);
};
const fire = async (...alerts: SentAlert[]): Promise<readonly string[]> =>
  recordedBy(asAlertmanager(on.api.url, alertmanagerBody(alerts)));
const script = async (...alerts: SentAlert[]): Promise<readonly string[]> => recordedBy(asScript(on.api.url, alerts));
const about = (validator: number, name: string, id: string): SentAlert => ({
  id,
  name,
  labels: { validator: String(validator) },
  summary: `${name} of ${validator}`,
});

async function incidentOf(record = ''): Promise<string> {
  let incident: string | undefined;
  await eventually('it is told its incident', async () => {
    ({ incident } = await handle(record).query(alertRecordQuery));
    return incident !== undefined;
  });
  return incident ?? '';
}
async function openIncidents(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const run of on.env.client.workflow.list({
    query: `WorkflowType = '${INCIDENT}' AND ExecutionStatus = 'Running'`,
  }))
    found.push(run.workflowId);
  return found.sort();
}
const holderOf = async (incident: string): Promise<string> =>
  (await handle(incident).describe()).raw.workflowExecutionInfo?.parentExecution?.workflowId ?? '';

describe('an alert that asks for what an open incident does', () => {
  test('joins it, whoever sends it and whatever its name, and so does its resolution', async () => {
    const running = await worker(0);
    try {
      const [first] = await fire(about(4, 'KeyShareAccessAnomaly', 'anomaly'));
      const incident = await incidentOf(first);
      expect(incident).toBe(`incident/laptop/${first?.split('/').at(-1)}`);
      const copy = about(4, 'ValidatorCopyRunning', 'copy');
      const [second] = await script(copy);
      expect(await incidentOf(second)).toBe(incident);
      // Under one name and from one source, and yet another alert.
      const [third] = await fire(about(4, 'KeyShareAccessAnomaly', 'anomaly-too'));
      expect(await incidentOf(third)).toBe(incident);
      await eventually('the incident has heard of all three', async () =>
        isDeepStrictEqual((await remembered(handle(incident))).alerts, { firing: 3, resolved: 0 }),
      );

      await script({ ...copy, status: 'resolved' });
      await handle(second ?? '').result();
      await eventually('the incident has heard of it', async () => {
        const { alerts } = await remembered(handle(incident));
        return alerts.firing === 2 && alerts.resolved === 1;
      });
      // Who asked twice is heard late.
      const said = { name: 'ValidatorCopyRunning', source: 'scripts', status: 'firing' as const, atMs: 1 };
      await handle(incident).signal(alertHeardSignal, { ...said, key: second?.split('/').at(-1) ?? '' });
      const { timeline, standing } = await handle(incident).query(incidentQuery);
      expect(standing.alerts).toEqual({ firing: 2, resolved: 1 });
      expect(timeline.filter(({ kind }) => kind === 'alert').map(({ by, text }) => `${by}: ${text}`)).toEqual([
        'scripts: alert ValidatorCopyRunning joined',
        'prometheus: alert KeyShareAccessAnomaly joined',
        'scripts: alert ValidatorCopyRunning resolved',
      ]);
      await eventually('it is evidence', async () => evidence.some((each) => each.includes('alert.resolved')));
      expect(evidence.filter((each) => each.startsWith(incident))).toEqual(
        [
          'alert.joined KeyShareAccessAnomaly KeyShareAccessAnomaly of 4',
          'alert.joined ValidatorCopyRunning ValidatorCopyRunning of 4',
          'alert.joined KeyShareAccessAnomaly KeyShareAccessAnomaly of 4',
          'alert.resolved ValidatorCopyRunning',
        ].map((each) => `${incident} ${each}`),
      );
      await keepHistory(handle(second ?? ''), 'record-alert-joined');

      // About somebody else, or answered by another playbook, it is another incident.
      const [other] = await fire(about(5, 'ValidatorCopyRunning', 'copy-of-five'));
      const [offline] = await fire(about(4, 'ValidatorOffline', 'offline'));
      expect(new Set([incident, await incidentOf(other), await incidentOf(offline)]).size).toBe(3);
    } finally {
      await running.stop();
    }
  });

  test('and resolves and fires again is another incident, which those that come then join', async () => {
    const running = await worker();
    try {
      const flapping = about(6, 'ValidatorOffline', 'flapping');
      const [first] = await fire(flapping);
      const incident = await incidentOf(first);
      await fire({ ...flapping, status: 'resolved' });
      await handle(first ?? '').result();
      const [again] = await fire({ ...flapping, startedAt: '2026-11-24T21:00:00Z' });
      const another = await incidentOf(again);
      expect(another).not.toBe(incident);
      const [late] = await script(about(6, 'ValidatorOffline', 'late'));
      expect(await incidentOf(late)).toBe(another);
    } finally {
      await running.stop();
    }
  });

  test('opens one with all that ask at once, and is still found when its history was carried on', async () => {
    const alerts = Array.from({ length: 12 }, (_unused, at) => about(8, 'ValidatorOffline', `at-once-${at}`));
    // Nobody works yet: they ask all at once.
    const records = [...(await fire(...alerts.slice(0, 6))), ...(await script(...alerts.slice(6)))];
    const first = await worker();
    const incidents = new Set(await Promise.all(records.map(incidentOf)));
    expect([...incidents]).toHaveLength(1);
    const [incident = ''] = incidents;
    await eventually('all are in it', async () => (await remembered(handle(incident))).alerts.firing === alerts.length);
    await first.stop();
    const holder = handle(await holderOf(incident));
    const { runId } = await holder.describe();
    for (let at = 0; at < HISTORY_EVENTS_MAX / 3; at += 100)
      await Promise.all(Array.from({ length: 100 }, () => holder.signal(askedSignal, {} as never)));
    const second = await worker();
    try {
      await eventually('it is carried on', async () => (await holder.describe()).runId !== runId);
      const [late] = await fire(about(8, 'ValidatorOffline', 'late'));
      expect(await incidentOf(late)).toBe(incident);
    } finally {
      await second.stop();
    }
  });

  test('opens another when the run of that one has ended, or when it is gone', async () => {
    const running = await worker();
    try {
      const [first] = await fire(about(9, 'ValidatorOffline', 'ended'));
      const incident = await incidentOf(first);
      const holder = handle(await holderOf(incident));
      await eventually('its run is there', async () =>
        handle(incident.replace(/^incident/, 'runPlaybook'))
          .describe()
          .then(
            () => true,
            () => false,
          ),
      );
      await handle(incident.replace(/^incident/, 'runPlaybook')).terminate('a click');
      await holder.result();
      await keepHistory(holder, 'answer-alerts');
      expect(await openIncidents()).toContain(incident);
      const [second] = await fire(about(9, 'ValidatorOffline', 'after-the-end'));
      const another = await incidentOf(second);
      expect(another).not.toBe(incident);

      await handle(another).terminate('a click');
      const [third] = await fire(about(9, 'ValidatorOffline', 'after-the-click'));
      expect([incident, another]).not.toContain(await incidentOf(third));
    } finally {
      await running.stop();
    }
  });

  test('is answered although whoever would answer it is told nonsense, or is ended by a click before it does', async () => {
    const running = await worker();
    try {
      const [first] = await fire(about(10, 'ValidatorOffline', 'hard'));
      const incident = await incidentOf(first);
      const holder = handle(await holderOf(incident));
      for (const said of [null, {}, { record: 'r', alert: {}, incident: {} }, { record: 'r', alert: 7 }])
        await holder.signal(askedSignal, said as never);
      const [second] = await fire(about(10, 'ValidatorOffline', 'hard-too'));
      expect(await incidentOf(second)).toBe(incident);

      // Nobody works on this one.
      const deaf = await on.env.client.workflow.start(
        ANSWER_ALERTS,
        startAnswerAlerts('laptop', { playbook: 'validator-offline', inputs: { validator: 11 } }, [], 'nobody'),
      );
      const [third] = await fire(about(11, 'ValidatorOffline', 'unheard'));
      await eventually('it is asked', async () => (await deaf.describe()).historyLength > 2);
      await deaf.terminate('a click');
      expect(await incidentOf(third)).toBe(`incident/laptop/${third?.split('/').at(-1)}`);
    } finally {
      await running.stop();
    }
  });
});
