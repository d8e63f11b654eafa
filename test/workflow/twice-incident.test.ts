import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { closeIncident } from '../../workflows/incident/messages.ts';
import { answerTask, type RunPlaybookResult } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { activitiesTelling, OF_INCIDENTS, openIncident, seenIncident } from './rig/incidents.ts';
import { type Carried, losingCompletions } from './rig/lost-completions.ts';
import { COMMITTEE, emptyStage, openApproval, planOf, seen, type Started, vote } from './rig/playbooks.ts';
import { eventually, startWorker, type WorkerChoices } from './rig/rig.ts';
import { onServerAlone } from './rig/suite.ts';
import { testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

const GUARD =
  'guards: [{ id: enough, summary: Enough is seen, probe: test.look, expect: result.seen > 0, every: 200ms, onBreach: page }]';
const STEPS = (epoch: number): string => `- { id: look, summary: Look, probe: test.look, expect: result.seen > 0 }
- { id: tell, summary: Tell, notify: { channels: [pager, mail], message: "to all", confirm: 2 } }
- { id: ask, summary: Ask, timeout: 1h, approval: { class: change, covers: [key], question: "Make it?" } }
- { id: key, summary: Make a key, workflow: generateKey, with: { epoch: ${epoch}, purpose: custody, participants: [1, 2, 3, 4, 5], smallest: 4 }, timeout: 2m, effect: irreversible }
- { id: form, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "Fine?", form: { word: { type: text, label: Word } } } }
- { id: note, summary: Note, action: test.note, with: { what: "\${steps.form.word}" }, timeout: 1m, effect: none }`;

let epoch = 70;
/** An incident from its opening to its end, and everything about it that does not name when or where it was. */
async function wholeIncident(choices: WorkerChoices) {
  epoch += 1;
  const world = await testWorld({
    threshold: 3,
    participants: 5,
    agents: realAgents,
    pinned: { committee: COMMITTEE },
  });
  const stage = emptyStage();
  const { told, activities } = activitiesTelling(world, stage, { pager: 'pagerduty', chat: 'slack' });
  const worker = await startWorker(env, { activities }, choices);
  try {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(STEPS(epoch), GUARD), {
      severity: 'SEV1',
    });
    const run = env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook')) as Started;
    await openApproval(await begun(run), 'ask').then((asked) => vote(run, asked, [0, 1, 2, 3, 4, 5, 6]));
    await seen(run, 'the form is open', ({ tasks }) => tasks.length === 1, 60_000);
    // The guard is broken for a moment, and pages.
    const paged = (words: string) => async () => stage.told.some(({ text }) => text.includes(words));
    stage.seen = 0;
    await eventually('the guard pages', paged('does not hold'));
    stage.seen = 1;
    await eventually('the guard takes it back', paged('holds again'));
    await run.executeUpdate(answerTask, { args: [{ step: 'form', by: 'ann', answers: { word: 'fine' } }] });
    const { outcome, result, standing } = await handle.result();
    // One that was opened again joins its run, and sees that there is none.
    const joined = await openIncident(env.client, world, worker.taskQueue, planOf(STEPS(epoch), GUARD), {
      reopened: 'of a test',
    });
    await seenIncident(joined, 'its run is not there', (view) => view.standing.phase === 'failed');
    await joined.executeUpdate(closeIncident, { args: [{ by: 'ann', reason: 'of a test' }] });
    await joined.result();
    return {
      outcome,
      end: (result as Extract<RunPlaybookResult, { outcome: 'done' }>).end,
      phase: standing.phase,
      // An action of a stage is told its name and keeps nothing of it: done again it is seen twice, and it is the same.
      done: [...new Set(stage.done)],
      toldByPlaybook: [...new Set(stage.told.map(({ channel, text }) => `${channel} ${text}`))].sort(),
      // A notifier knows its messages by their names: told again, nobody is told twice.
      conversations: Object.values(told).map((each) =>
        each.map(({ said, over }) => [said.map(({ headline }) => headline.replace(/: .*/, '')), over]),
      ),
    };
  } finally {
    await worker.stop();
    await world.stop();
  }
}

/** The run of an incident exists a moment after the incident does. */
async function begun(run: Started): Promise<Started> {
  await eventually('the run has begun', () =>
    run.describe().then(
      () => true,
      () => false,
    ),
  );
  return run;
}

test('when every effect of an incident is carried out twice, it ends as when each is carried out once', async () => {
  const carried: Carried = new Map();
  const once = await wholeIncident({});
  const twice = await wholeIncident({ interceptors: { activity: [losingCompletions(carried)] } });
  expect(once).toMatchObject({ outcome: 'done', phase: 'over', done: ['test.note fine'] });
  expect(twice).toEqual(once);
  const counts = [...OF_INCIDENTS].map((effect) => {
    const { runs = 0, completions = 0 } = carried.get(effect) ?? {};
    return [effect, completions > 0 && runs >= 2 * completions];
  });
  expect(Object.fromEntries(counts)).toEqual(Object.fromEntries([...OF_INCIDENTS].map((effect) => [effect, true])));
});
