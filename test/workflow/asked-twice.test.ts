import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  ANSWER_ALERTS,
  type Asked,
  askedSignal,
  type AnswerAlertsResult,
  responseEndedSignal,
  startAnswerAlerts,
} from '../../workflows/answer-alerts/messages.ts';
import { INCIDENT, incidentId } from '../../workflows/incident/messages.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { BLOB } from './rig/scripted.ts';
import { onServerAlone } from './rig/suite.ts';

const TASK_QUEUE = `asked-${process.pid}`;
let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

const ANSWER = { playbook: 'of-a-test', inputs: {} };
const NETWORK = 'laptop';
const KEY = 'of-the-record';
/** Takes messages and answers none: nobody works on it. */
const deaf = (workflowId: string) => env.client.workflow.start('deaf', { workflowId, taskQueue: 'nobody' });
const worker = () => startWorker(env, { activities: {} }, { taskQueue: TASK_QUEUE, maxCachedWorkflows: 0 });

test('a record that asks again gets the answer that it got, also when the run of that incident has ended meanwhile', async () => {
  const open = incidentId(NETWORK, 'open');
  await deaf(open);
  const record = await deaf('recordAlert/asks-twice');
  const asked: Asked = {
    record: record.workflowId,
    execution: 'first',
    alert: { name: 'Offline', source: 'scripts', fingerprint: 'f', startedAtMs: 5, summary: '' },
    incident: {
      network: NETWORK,
      key: KEY,
      title: 'of a test',
      severity: 'SEV2',
      playbook: { name: ANSWER.playbook, playbook: BLOB.digest, plan: BLOB, library: {}, inputs: {} },
    },
  };
  const told = async (): Promise<readonly unknown[]> => {
    const { events } = await record.fetchHistory();
    return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
      signal?.signalName === 'answered'
        ? [JSON.parse(Buffer.from(signal.input?.payloads?.[0]?.data ?? []).toString('utf8'))]
        : [],
    );
  };
  const { args, ...start } = startAnswerAlerts(NETWORK, ANSWER, [asked], TASK_QUEUE);
  const [input] = args;
  const holder = await env.client.workflow.start(ANSWER_ALERTS, {
    ...start,
    args: [{ ...input, open: { id: open, alerts: {} } }],
  });
  const first = await worker();
  await eventually('it is told', async () => (await told()).length === 1);
  await first.stop();

  // All of it is read at once: the run has ended before the record is heard, which asked twice more.
  await holder.signal(responseEndedSignal, { incident: open });
  await holder.signal(askedSignal, asked);
  await holder.signal(askedSignal, asked);
  const second = await worker();
  try {
    expect(((await holder.result()) as AnswerAlertsResult).told).toBe(2);
    expect(await told()).toEqual([{ incident: open }, { incident: open }]);
    await expect(env.client.workflow.getHandle(incidentId(NETWORK, KEY)).describe()).rejects.toThrow();
    await keepHistory(holder, 'answer-alerts-asked-twice');

    // A click ended the record, and its sender has begun another.
    await env.client.workflow.start(
      ANSWER_ALERTS,
      startAnswerAlerts(NETWORK, ANSWER, [{ ...asked, execution: 'second' }], TASK_QUEUE),
    );
    await eventually('it is told anew', async () => (await told()).length === 3);
    expect((await told())[2]).toEqual({ incident: incidentId(NETWORK, KEY) });
    expect((await env.client.workflow.getHandle(incidentId(NETWORK, KEY)).describe()).type).toBe(INCIDENT);
  } finally {
    await second.stop();
  }
});
