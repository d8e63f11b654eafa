import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { principal } from '../../domain/committee/testkit/keys.ts';
import { linesOf } from '../../domain/incident/standing.ts';
import {
  addNote,
  alertHeardSignal,
  closeIncident,
  commandIncident,
  handRole,
  raiseSeverity,
} from '../../workflows/incident/messages.ts';
import {
  answerTask,
  closeRun,
  commandRun,
  runViewQuery,
  stopRun,
  undoRun,
} from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import {
  activitiesTelling,
  openIncident,
  type Opened,
  remembered,
  seenIncident,
  signedCommand,
} from './rig/incidents.ts';
import { type Carried, losingCompletions } from './rig/lost-completions.ts';
import { COMMITTEE, emptyStage, planOf, type Stage } from './rig/playbooks.ts';
import { eventually, keepHistory, startWorker, type WorkerChoices } from './rig/rig.ts';
import { onServerAlone } from './rig/suite.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

const by = { by: 'ann', reason: 'a test' };
const LOOK = `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }`;
const SET = `- { id: mark, summary: Mark it, action: test.set, with: { what: paper }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: paper } } }`;
const NOTE = `- { id: note, summary: Note it, action: test.note, with: { what: ink }, timeout: 1m, effect: none }`;
const TWO = { pager: 'pagerduty', chat: 'slack' };

type Place = {
  readonly world: TestWorld;
  readonly stage: Stage;
  readonly told: ReturnType<typeof activitiesTelling>['told'];
  readonly worker: Awaited<ReturnType<typeof startWorker>>;
  readonly carried: Carried;
  restart(): Promise<void>;
};
async function on(
  routes: Readonly<Record<string, string>>,
  choices: WorkerChoices,
  scene: (place: Place) => Promise<void>,
  carried: Carried = new Map(),
): Promise<void> {
  const world = await testWorld({ pinned: { committee: COMMITTEE }, agents: realAgents });
  const stage = emptyStage();
  const { told, activities } = activitiesTelling(world, stage, routes);
  const first = await startWorker(env, { activities }, choices);
  let worker = first;
  try {
    await scene({
      world,
      stage,
      told,
      carried,
      get worker() {
        return worker;
      },
      restart: async () => {
        worker = await startWorker(env, { activities }, { ...choices, taskQueue: first.taskQueue });
      },
    });
  } finally {
    await worker.stop();
    await world.stop();
  }
}

const runOf = (handle: Opened) => env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook'));
const askedFor = (what: string) => (view: { standing: { next: readonly { what: string }[] } }) =>
  view.standing.next.some((each) => each.what.includes(what));

const WAYS: Readonly<Record<string, () => readonly [WorkerChoices, Carried]>> = {
  'as usual': () => [{}, new Map()],
  'every workflow task replayed from the start': () => [{ maxCachedWorkflows: 0 }, new Map()],
  'the first completion of every effect lost': () => {
    const carried: Carried = new Map();
    return [{ interceptors: { activity: [losingCompletions(carried)] } }, carried];
  },
};

test.each(Object.keys(WAYS))('an incident from its opening to its end: %s', async (way) => {
  const [choices, carried] = WAYS[way]?.() ?? [{}, new Map()];
  await on(
    TWO,
    choices,
    async ({ world, worker, told, stage }) => {
      const alert = { name: 'ValidatorOffline', source: 'prometheus', startedAtMs: Date.now() };
      const handle = await openIncident(env.client, world, worker.taskQueue, planOf(`${SET}\n${LOOK}`), {
        alert,
        severity: 'SEV1',
      });
      const asked = await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
      expect(asked.standing).toMatchObject({
        severity: 'SEV1',
        phase: 'responding',
        alerts: { firing: 1, resolved: 0 },
      });
      expect(asked.standing.next[0]).toMatchObject({ role: 'operations' });

      await handle.executeUpdate(addNote, {
        args: [{ by: 'ann', text: 'I am looking', attachments: [], say: true }],
      });
      expect(
        (await seenIncident(handle, 'ann is commander', (view) => view.standing.roles.commander !== undefined)).standing
          .roles,
      ).toMatchObject({ commander: { name: 'ann', by: 'platform' } });
      await handle.executeUpdate(handRole, { args: [{ role: 'commander', to: 'ben', by: 'ann' }] });
      await handle.signal(alertHeardSignal, { ...alert, status: 'resolved', atMs: Date.now() });
      await runOf(handle).executeUpdate(answerTask, {
        args: [{ step: 'look', by: 'ben', answers: { kind: 'smoke' } }],
      });

      const result = await handle.result();
      expect(result).toMatchObject({
        outcome: 'done',
        standing: { phase: 'over', next: [], alerts: { firing: 0, resolved: 1 } },
      });
      expect(result.standing.roles).toMatchObject({ commander: { name: 'ben', by: 'ann' } });
      expect(await remembered(handle)).toEqual(result.standing);
      expect(stage.done.every((each) => each === 'test.set paper')).toBe(true);
      // One conversation per channel: opened once, gone on with, ended; and a repeat told nobody twice.
      for (const channel of ['pager', 'chat']) {
        expect(told[channel]).toHaveLength(1);
        const [conversation] = told[channel] ?? [];
        expect(conversation?.over).toBe(true);
        const lines = conversation?.said.map(({ headline }) => headline) ?? [];
        expect(lines[0]).toContain('[EXERCISE] [SEV1] We are looking into it: Of a test: an incident is open');
        expect(lines.some((line) => line.includes('I am looking'))).toBe(true);
        expect(lines.filter((line) => line.includes('operations: form: What is it?'))).toHaveLength(1);
        expect(lines.at(-1)).toContain('the incident is over');
        expect(new Set(lines).size).toBe(lines.length);
      }
      if (way === 'as usual') await keepHistory(handle, 'incident');
      for (const [effect, { runs, completions }] of carried)
        expect([effect, runs >= 2 * completions]).toEqual([effect, true]);
    },
    carried,
  );
});

test('what must be known can be read with every worker dead, and says the same as before', async () => {
  await on(TWO, {}, async ({ world, worker, restart }) => {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(LOOK));
    await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
    await eventually('people were told', async () => (await remembered(handle)).nextWordDueMs !== null);
    let before = await handle.query<{ standing: unknown }, []>('incident');
    await eventually('it rests', async () => {
      before = await handle.query<{ standing: unknown }, []>('incident');
      return isDeepStrictEqual(await remembered(handle), before.standing);
    });
    await worker.stop();
    const dead = await remembered(handle);
    expect(dead).toEqual(before.standing);
    const text = linesOf(dead, Date.now()).join('\n');
    expect(text).toContain('SEV2 RESPONDING  Of a test');
    expect(text).toMatch(/NEXT +operations: form: What is it\? \(step look of runPlaybook\/[^)]+\), by 20\d\d-/);
    expect(text).toMatch(/now +look since 20\d\d-/);
    expect(text).toContain('opened as SEV2, runs of-a-test');
    await restart();
  });
});

test('a severity rises on a word and falls on a signature alone', async () => {
  await on(TWO, {}, async ({ world, worker }) => {
    const { genesis } = world.deps;
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(LOOK));
    const { execution } = await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
    await handle.executeUpdate(raiseSeverity, { args: [{ severity: 'SEV1', by: 'ann', reason: 'it grows' }] });
    await eventually(
      'the list knows',
      async () => (await handle.describe()).searchAttributes['Severity']?.[0] === 'SEV1',
    );
    await expect(
      handle.executeUpdate(raiseSeverity, { args: [{ severity: 'SEV3', by: 'ann', reason: 'calm' }] }),
    ).rejects.toMatchObject({ cause: { type: 'policy.severity-down' } });

    const lower = { command: 'lower-severity', arguments: { severity: 'SEV3', reason: 'it was smoke' } } as const;
    const good = signedCommand(genesis, handle.workflowId, execution, lower, principal(3));
    const refusals: readonly (readonly [string, typeof good])[] = [
      ['policy.command-signature', { ...good, command: { ...good.command, number: good.command.number + 1 } }],
      ['policy.command-stranger', signedCommand(genesis, handle.workflowId, execution, lower, principal(11))],
      [
        'policy.command-execution',
        signedCommand(genesis, handle.workflowId, `${handle.workflowId}/another`, lower, principal(3)),
      ],
      [
        'policy.command-environment',
        signedCommand({ ...genesis, environment: 'production' }, handle.workflowId, execution, lower, principal(3)),
      ],
      [
        'policy.command-expired',
        signedCommand(genesis, handle.workflowId, execution, lower, principal(3), { expiresAtSeconds: 1 }),
      ],
      [
        'policy.command-lifetime',
        signedCommand(genesis, handle.workflowId, execution, lower, principal(3), {
          expiresAtSeconds: Math.floor(Date.now() / 1_000) + 86_400,
        }),
      ],
      [
        'input.command-number',
        signedCommand(genesis, handle.workflowId, execution, lower, principal(3), { number: Date.now() + 86_400_000 }),
      ],
    ];
    const events = (await handle.fetchHistory()).events?.length ?? 0;
    for (const [code, signed] of refusals)
      await expect(handle.executeUpdate(commandIncident, { args: [signed] })).rejects.toMatchObject({
        cause: { type: code },
      });
    // Refused before it becomes an event: notices of what went before may add theirs, refusals add none of an update.
    const after = (await handle.fetchHistory()).events?.slice(events) ?? [];
    expect(after.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
    expect(await handle.executeUpdate(commandIncident, { args: [good] })).toEqual({ severity: 'SEV3' });
    await expect(handle.executeUpdate(commandIncident, { args: [good] })).rejects.toMatchObject({
      cause: { type: 'conflict.command-number' },
    });
    await eventually(
      'the list knows',
      async () => (await handle.describe()).searchAttributes['Severity']?.[0] === 'SEV3',
    );
  });
});

test('a SEV1 that two channels of one route confirmed is not confirmed: people are told so, and asked to tell each other', async () => {
  await on({ chat: 'slack', 'second-chat': 'slack' }, {}, async ({ world, worker, told }) => {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(LOOK), { severity: 'SEV1' });
    const view = await seenIncident(handle, 'it says so', askedFor('tell people in another way'));
    expect(view.standing.next.at(-1)?.what).toContain('SEV1 needs 2 independent channels to confirm, only slack did');
    await eventually('the route that is left says so', async () =>
      (told['chat']?.[0]?.said ?? []).some(({ headline }) => headline.includes('not everybody was reached')),
    );
    const { timeline } = await seenIncident(handle, 'a receipt', (each) =>
      each.timeline.some(({ kind }) => kind === 'notice'),
    );
    expect(timeline.find(({ kind }) => kind === 'notice')?.text).toContain('Confirmed by slack');
  });
});

test('a run that was stopped is undone or resumed by a signature alone; a click on `cancel` reaches neither incident nor run', async () => {
  await on(TWO, {}, async ({ world, worker, stage }) => {
    const { genesis } = world.deps;
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(`${SET}\n${LOOK}\n${NOTE}`));
    await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
    await handle.cancel();
    const run = runOf(handle);
    await run.executeUpdate(stopRun, { args: [by] });
    const halted = await seenIncident(handle, 'it has halted', askedFor('has halted: resume, undo or close it'));
    expect(halted.standing.phase).toBe('responding');
    const { run: name } = await run.query(runViewQuery);

    await expect(run.executeUpdate(undoRun, { args: [by] })).rejects.toMatchObject({
      cause: { type: 'policy.command-unsigned' },
    });
    const resume = (step: string, key = principal(4)) =>
      run.executeUpdate(commandRun, {
        args: [
          signedCommand(
            genesis,
            handle.workflowId,
            name,
            { command: 'resume', arguments: { step, reason: 'go on' } },
            key,
          ),
        ],
      });
    await expect(resume('look', principal(11))).rejects.toMatchObject({ cause: { type: 'policy.command-stranger' } });
    await expect(resume('nowhere')).rejects.toMatchObject({ cause: { type: 'input.resume-step' } });
    // What an effect did stands: it is not done a second time.
    await expect(resume('mark')).rejects.toMatchObject({ cause: { type: 'input.resume-step' } });
    expect(stage.done).toEqual(['test.set paper']);
    await resume('look');
    await seenIncident(handle, 'the form is asked again', askedFor('What is it?'));
    await run.executeUpdate(stopRun, { args: [by] });
    await seenIncident(handle, 'it has halted again', askedFor('has halted'));
    await resume('note');
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    expect(stage.done).toEqual(['test.set paper', 'test.note ink']);
    await keepHistory(run, 'run-playbook-resumed');
  });
});

test('an approval that lapsed, or an action that failed, is tried again from its step after what was wrong was mended', async () => {
  await on(TWO, {}, async ({ world, worker, stage }) => {
    stage.failing.set('ink', { times: 1, code: 'policy.vault-unknown' });
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(NOTE));
    await seenIncident(handle, 'it has halted', askedFor('has halted'));
    const run = runOf(handle);
    const { run: name } = await run.query(runViewQuery);
    await run.executeUpdate(commandRun, {
      args: [
        signedCommand(
          world.deps.genesis,
          handle.workflowId,
          name,
          { command: 'resume', arguments: { step: 'note', reason: 'mended' } },
          principal(1),
        ),
      ],
    });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    expect(stage.done).toEqual(['test.note ink failed', 'test.note ink']);
  });
});

test('an incident whose run ended without success stays open until a person closes it', async () => {
  await on(TWO, {}, async ({ world, worker, stage }) => {
    const { genesis } = world.deps;
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(`${SET}\n${LOOK}`));
    await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
    await expect(handle.executeUpdate(closeIncident, { args: [by] })).rejects.toMatchObject({
      cause: { type: 'conflict.incident-phase' },
    });
    const run = runOf(handle);
    const { run: name } = await run.query(runViewQuery);
    await run.executeUpdate(commandRun, {
      args: [
        signedCommand(
          genesis,
          handle.workflowId,
          name,
          { command: 'undo', arguments: { reason: 'wrong' } },
          principal(2),
        ),
      ],
    });
    await seenIncident(handle, 'people have to act', askedFor('act by hand, or close the incident'));
    expect(stage.done).toEqual(['test.set paper', 'test.unset paper']);
    await handle.executeUpdate(closeIncident, { args: [by] });
    expect(await handle.result()).toMatchObject({ outcome: 'closed', result: { outcome: 'failed', undone: ['mark'] } });
    await keepHistory(handle, 'incident-closed');
  });
});

test('a run that somebody terminates by a click is no silent end: the incident says that people have to act', async () => {
  await on(TWO, {}, async ({ world, worker }) => {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(LOOK));
    await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
    await runOf(handle).terminate('a click');
    const { standing } = await seenIncident(handle, 'people have to act', (view) => view.standing.phase === 'failed');
    expect(standing.next[0]).toMatchObject({ role: 'commander' });
  });
});

test('with no channel at all an incident runs, and says that nobody was told', async () => {
  await on({}, {}, async ({ world, worker }) => {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(NOTE));
    const { standing } = await handle.result();
    expect(standing.phase).toBe('over');
    expect(standing.happened.some(({ text }) => text.includes('Confirmed by nobody'))).toBe(true);
  });
});

test('closeRun ends a halted run as it stands, and the incident hears it', async () => {
  await on(TWO, {}, async ({ world, worker }) => {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(`${SET}\n${LOOK}`));
    await seenIncident(handle, 'a form is asked for', askedFor('What is it?'));
    await runOf(handle).executeUpdate(stopRun, { args: [by] });
    await seenIncident(handle, 'it has halted', askedFor('has halted'));
    await runOf(handle).executeUpdate(closeRun, { args: [by] });
    await seenIncident(handle, 'people have to act', (view) => view.standing.phase === 'failed');
  });
});
