import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { addNote, alertHeardSignal } from '../../workflows/incident/messages.ts';
import { answerTask } from '../../workflows/run-playbook/messages.ts';
import { HISTORY_EVENTS_MAX } from '../../workflows/settings.ts';
import { realAgents } from './rig/agents.ts';
import { activitiesTelling, openIncident, seenIncident } from './rig/incidents.ts';
import { COMMITTEE, emptyStage, planOf } from './rig/playbooks.ts';
import { startWorker } from './rig/rig.ts';
import { onServerAlone } from './rig/suite.ts';
import { testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

/** More than any incident needs before it goes on in another execution. */
const SIGNALS_MAX = 1_000;

test('an incident that hears a thousand things goes on in another execution, with all that it knows, and still hears how its run ends', async () => {
  const world = await testWorld({ pinned: { committee: COMMITTEE }, agents: realAgents });
  const { told, activities } = activitiesTelling(world, emptyStage(), { pager: 'pagerduty', chat: 'slack' });
  const worker = await startWorker(env, { activities });
  try {
    const plan = planOf(
      `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }`,
    );
    const handle = await openIncident(env.client, world, worker.taskQueue, plan);
    await seenIncident(handle, 'a form is asked for', ({ standing }) => standing.next.length > 0);
    await handle.executeUpdate(addNote, { args: [{ by: 'ann', text: 'the first word', attachments: [], say: false }] });
    const first = await handle.describe();
    let sent = 0;
    for (; sent < SIGNALS_MAX && (await handle.describe()).runId === first.runId; sent += 1) {
      const status = sent % 2 === 0 ? 'resolved' : 'firing';
      await handle.signal(alertHeardSignal, { name: 'Flapping', source: 'prometheus', status, atMs: sent });
      // Each is heard by itself: a worker that is given many at once writes them into few events.
      if (sent % 5 === 4) await seenIncident(handle, 'it is heard', ({ alerts }) => alerts[0]?.status === status);
    }
    expect(sent).toBeLessThan(SIGNALS_MAX);
    const before = await env.client.workflow.getHandle(handle.workflowId, first.runId).fetchHistory();
    expect(before.events?.length).toBeLessThan(HISTORY_EVENTS_MAX);
    const { standing, timeline, execution } = await seenIncident(handle, 'it answers', () => true);
    expect(standing.roles).toMatchObject({ commander: { name: 'ann' } });
    expect(timeline.some(({ text }) => text === 'the first word')).toBe(true);
    // What commands call it stays what it was.
    expect(execution).toBe(`${handle.workflowId}/${first.runId}`);
    await env.client.workflow
      .getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook'))
      .executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: 'smoke' } }] });
    const result = await env.client.workflow.getHandle(handle.workflowId).result();
    expect(result).toMatchObject({
      outcome: 'done',
      standing: { phase: 'over', roles: { commander: { name: 'ann' } } },
    });
    expect(told['chat']).toHaveLength(1);
    expect(told['chat']?.[0]?.over).toBe(true);
  } finally {
    await worker.stop();
    await world.stop();
  }
});
