import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { answerTask } from '../../workflows/run-playbook/messages.ts';
import {
  activitiesOn,
  CATALOGUE,
  COMMITTEE,
  emptyStage,
  openApproval,
  planOf,
  putDocument,
  seen,
  type Stage,
  type Started,
  startRun,
  vote,
} from './rig/playbooks.ts';
import { keepHistory, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
let world: TestWorld;
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE } });
});
afterAll(async () => {
  await world?.stop();
  await stopServer(env);
});

type Scene = {
  readonly stage: Stage;
  readonly start: (loaded: ReturnType<typeof planOf>, change?: Parameters<typeof startRun>[4]) => Promise<Started>;
};

/** A stage of its own for each scenario; once as usual, and once with every workflow task replayed from the start. */
function scenario(title: string, run: (scene: Scene) => Promise<void>): void {
  test.each([50, 0])(`${title} (%i workflows cached)`, async (maxCachedWorkflows) => {
    const stage = emptyStage();
    const worker = await startWorker(env, { activities: activitiesOn(world, stage) }, { maxCachedWorkflows });
    try {
      await run({ stage, start: (loaded, change) => startRun(env.client, world, worker.taskQueue, loaded, change) });
    } finally {
      await worker.stop();
    }
  });
}

const note = (id: string, what: string, more = ''): string =>
  `- { id: ${id}, summary: Note, action: test.note, with: { what: "${what}" }, timeout: 1m, effect: none${more} }`;
const set = (id: string, what: string, more = ''): string =>
  `- { id: ${id}, summary: Set, action: test.set, with: { what: "${what}" }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: "\${result.mark}" } }${more} }`;
const ASK = `- id: ask
  summary: The committee decides
  timeout: 1h
  approval: { class: change, covers: [burn], question: "Burn it?" }
- { id: burn, summary: Burn, action: test.burn, with: { what: "\${inputs.what}" }, timeout: 1m, effect: irreversible }`;
const INPUTS = 'inputs: { what: { type: text, summary: What, default: paper } }';

scenario(
  'steps follow each other, and results, variables and conditions are read as the plan says',
  async ({ stage, start }) => {
    const loaded = planOf(
      [
        note('first', '${inputs.what}', ', set: { last: result.mark }'),
        note('second', 'after ${steps.first.mark}', ', when: vars.last == "paper!"'),
        note('third', 'never', ', when: vars.last == "else"'),
        '- { id: over, summary: Over, end: { outcome: enough } }',
      ].join('\n'),
      `${INPUTS}\nvariables: { last: { type: text, initial: none } }`,
    );
    const handle = await start(loaded);
    expect(await handle.result()).toEqual({ outcome: 'done', end: 'enough', undoable: [] });
    expect(stage.done).toEqual(['test.note paper', 'test.note after paper!']);
    await keepHistory(handle, 'run-playbook-steps');
  },
);

scenario('a quorum of signatures lets the covered step happen, and nothing less does', async ({ stage, start }) => {
  const handle = await start(planOf(ASK, INPUTS));
  const asked = await openApproval(handle, 'ask');
  expect(asked).toMatchObject({ have: 0, need: 7, question: 'Burn it?' });
  await vote(handle, asked, [0, 1, 2, 3, 4, 5]);
  expect(await openApproval(handle, 'ask')).toMatchObject({ have: 6, need: 7 });
  expect(stage.done).toEqual([]);
  await vote(handle, asked, [6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done).toEqual(['test.burn paper']);
  await keepHistory(handle, 'run-playbook-approval');
});

scenario(
  'a rejection that leaves too few seats ends the run, and what was done before is taken back',
  async ({ stage, start }) => {
    const handle = await start(planOf([set('one', 'a'), set('two', 'b'), ASK].join('\n'), INPUTS));
    await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3], 'reject');
    expect(await handle.result()).toMatchObject({
      outcome: 'failed',
      refusal: { code: 'policy.approval-rejected' },
      undone: ['two', 'one'],
      left: [],
    });
    expect(stage.done).toEqual(['test.set a', 'test.set b', 'test.unset b!', 'test.unset a!']);
    await keepHistory(handle, 'run-playbook-undone');
  },
);

scenario('a person answers the form, and only as its author allowed', async ({ stage, start }) => {
  const loaded = planOf(
    [
      '- id: look',
      '  summary: Somebody looks',
      '  timeout: 1h',
      '  task: { role: operations, instruction: "What is it?", form: { what: { type: text, label: What, options: [fire, smoke] } } }',
      note('after', '${steps.look.what}'),
    ].join('\n'),
  );
  const handle = await start(loaded);
  await seen(handle, 'the form is open', ({ tasks }) => tasks.length === 1);
  const answer = (what: string) =>
    handle.executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { what } }] });
  await expect(answer('water')).rejects.toMatchObject({ cause: { type: 'input.task-answer' } });
  await answer('smoke');
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done).toEqual(['test.note smoke']);
  await keepHistory(handle, 'run-playbook-task');
});

scenario(
  'branches run side by side; enough of them are enough, and the others are stopped and taken back',
  async ({ stage, start }) => {
    const branches = [
      '- id: race',
      '  summary: Two ways',
      '  parallel:',
      '    join: any',
      '    branches:',
      '      quick:',
      `        - { id: pause, summary: Wait, wait: { for: 1s } }`,
      `        ${note('quick', 'quick')}`,
      '      slow:',
      `        ${set('slow', 'slow')}`,
      '        - { id: never, summary: Wait, wait: { for: 1h } }',
    ].join('\n');
    const handle = await start(planOf([branches, note('after', 'after')].join('\n')));
    expect(await handle.result()).toMatchObject({ outcome: 'done', undoable: [] });
    expect(stage.done).toEqual(['test.set slow', 'test.note quick', 'test.unset slow!', 'test.note after']);
    await keepHistory(handle, 'run-playbook-join');
  },
);

scenario('loops end where their condition or their list does', async ({ stage, start }) => {
  stage.seen = 3;
  const loaded = planOf(
    [
      '- id: again',
      '  summary: Until enough',
      '  repeat:',
      '    times: 5',
      '    every: 100ms',
      '    until: vars.count == 3',
      '    steps:',
      `      - { id: look, summary: Look, probe: test.look, set: { count: vars.count + 1 } }`,
      '- id: each',
      '  summary: One by one',
      '  forEach:',
      '    in: "[4, 5, 6]"',
      '    as: who',
      '    atMost: 3',
      '    concurrency: 2',
      '    steps:',
      `      ${note('one', 'item ${who}')}`,
      `      ${note('two', 'again ${steps.one.mark}')}`,
    ].join('\n'),
    'variables: { count: { type: int, initial: 0 } }',
  );
  const handle = await start(loaded);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect([...stage.done].sort()).toEqual(
    [4, 5, 6]
      .flatMap((who) => [`test.note again item ${who}!`])
      .concat([4, 5, 6].map((who) => `test.note item ${who}`)),
  );
  await keepHistory(handle, 'run-playbook-loops');
});

scenario(
  'an input says how long something has to hold; longer than its step may take, and nothing is begun',
  async ({ stage, start }) => {
    const loaded = planOf(
      [
        '- id: quiet',
        '  summary: Look on',
        '  probe: test.look',
        '  expect: result.seen > 0',
        '  hold: { for: "${inputs.holdFor}", every: "${inputs.lookEvery}" }',
        '  timeout: 1m',
        note('after', 'after'),
      ].join('\n'),
      'inputs: { holdFor: { type: duration, summary: For, default: 15s }, lookEvery: { type: duration, summary: Every, default: 50ms } }',
    );
    const kept = await start(loaded, { inputs: { holdFor: 200 } });
    expect(await kept.result()).toMatchObject({ outcome: 'done' });
    const refused = await start(loaded, { inputs: { holdFor: 60_000 } });
    expect(await refused.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'input.playbook-input' } });
    expect(stage.done).toEqual(['test.note after']);
  },
);

scenario('an input names a validator of the network, or nothing is begun', async ({ stage, start }) => {
  const loaded = planOf(note('say', 'said'), 'inputs: { suspect: { type: validator, summary: Who } }');
  const refused = await start(loaded, { inputs: { suspect: 99 } });
  expect(await refused.result()).toMatchObject({
    outcome: 'failed',
    refusal: { code: 'input.playbook-input', message: expect.stringContaining('no validator 99') },
  });
  expect(stage.done).toEqual([]);
});

scenario('a message counts when enough channels confirm it that do not fail together', async ({ stage, start }) => {
  const tell = (confirm: number, more = '') =>
    `- { id: tell, summary: Tell, notify: { channels: [pager, mail, dead], message: "to all", confirm: ${confirm} }, retry: { attempts: 1 }${more} }`;
  expect(await (await start(planOf(tell(2)))).result()).toMatchObject({ outcome: 'done' });
  expect(stage.told.map(({ channel }) => channel).sort()).toEqual(['mail', 'pager']);
  expect(await (await start(planOf(tell(3)))).result()).toMatchObject({
    outcome: 'failed',
    refusal: { code: 'unavailable.confirmations' },
  });
  const sameRoute = tell(2).replace('[pager, mail, dead]', '[mail, second-mail]');
  expect(await (await start(planOf(sameRoute))).result()).toMatchObject({
    outcome: 'failed',
    refusal: {
      code: 'unavailable.confirmations',
      message: expect.stringContaining('1 of 2 independent channels confirmed (mail)'),
    },
  });
});

scenario(
  'a playbook inside of another is a run of its own, and what it did is taken back with the rest',
  async ({ stage, start }) => {
    const inner = planOf(set('inside', '${inputs.what}'), `name: inner\n${INPUTS}`);
    const outer = planOf(
      [
        '- { id: sub, summary: Run it, playbook: inner, with: { what: deep }, timeout: 5m }',
        note('bad', 'bad', ', retry: { attempts: 1 }'),
      ].join('\n'),
      '',
      {
        ...CATALOGUE,
        playbooks: {
          inner: { digest: inner.digest, effect: 'reversible', inputs: { what: { type: 'text', optional: true } } },
        },
      },
    );
    stage.failing.set('bad', { times: 1, code: 'policy.vault-unknown' });
    const library = { [inner.digest]: await putDocument(world, inner.plan) };
    const handle = await start(outer, { library });
    expect(await handle.result()).toMatchObject({ outcome: 'failed', undone: ['sub/inside'], left: [] });
    expect(stage.done).toEqual(['test.set deep', 'test.note bad failed', 'test.unset deep!']);
    await keepHistory(handle, 'run-playbook-inside');
  },
);

scenario('a page that waits for another run says where that one asks', async ({ start }) => {
  const inner = planOf(ASK, `name: inner\n${INPUTS}`);
  const outer = planOf('- { id: sub, summary: Run it, playbook: inner, with: { what: deep }, timeout: 5m }', '', {
    ...CATALOGUE,
    playbooks: {
      inner: { digest: inner.digest, effect: 'irreversible', inputs: { what: { type: 'text', optional: true } } },
    },
  });
  const handle = await start(outer, { library: { [inner.digest]: await putDocument(world, inner.plan) } });
  const { now } = await seen(handle, 'the other run has begun', (view) => view.now[0]?.child !== undefined);
  const child: Started = env.client.workflow.getHandle(now[0]?.child ?? '');
  await vote(child, await openApproval(child, 'ask'), [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
});

scenario('what this installation cannot do is refused before the first step', async ({ stage, start }) => {
  const handle = await start(
    planOf(
      [
        note('first', 'a'),
        '- { id: no, summary: No, action: test.nowhere, with: { what: x }, timeout: 1m, effect: none }',
      ].join('\n'),
    ),
  );
  expect(await handle.result()).toMatchObject({
    outcome: 'failed',
    refusal: { code: 'input.playbook-capability', details: { missing: ['action test.nowhere'] } },
  });
  expect(stage.done).toEqual([]);
});

scenario(
  'an approval that the committee of today cannot give is refused before the first step, also one in a playbook inside',
  async ({ stage, start }) => {
    const inner = planOf(ASK.replace('class: change,', 'class: change, quorum: 50,'), `name: inner\n${INPUTS}`);
    const outer = planOf(
      [note('first', 'a'), '- { id: sub, summary: Run it, playbook: inner, with: { what: deep }, timeout: 5m }'].join(
        '\n',
      ),
      '',
      {
        ...CATALOGUE,
        playbooks: {
          inner: { digest: inner.digest, effect: 'irreversible', inputs: { what: { type: 'text', optional: true } } },
        },
      },
    );
    const handle = await start(outer, { library: { [inner.digest]: await putDocument(world, inner.plan) } });
    expect(await handle.result()).toMatchObject({
      outcome: 'failed',
      refusal: { code: 'policy.playbook-quorum', details: { playbook: 'inner', step: 'ask', need: 50 } },
    });
    expect(stage.done).toEqual([]);
  },
);
