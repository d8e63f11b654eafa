import { expect, test } from '@jest/globals';
import { principal } from '../../domain/committee/testkit/keys.ts';
import { planDigest } from '../../domain/playbook/plan.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import {
  closeRun,
  commandRun,
  handOrder,
  type RunPlaybookResult,
  stopRun,
} from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import {
  activitiesOn,
  COMMITTEE,
  orderOf,
  planOf,
  putDocument,
  seen,
  type Started,
  startRun,
  viewOf,
} from './rig/playbooks.ts';
import { signedCommand } from './rig/incidents.ts';
import { keepHistory, startWorker } from './rig/rig.ts';
import { onStage } from './rig/stage.ts';
import { testWorld } from './rig/world.ts';

const on = onStage({ agents: realAgents });
const { stage } = on;

const set = (id: string): string =>
  `- { id: ${id}, summary: Set, action: test.set, with: { what: ${id} }, timeout: 1m, effect: reversible, retry: { attempts: 1 }, compensate: { action: test.unset, with: { what: "un-${id}" } } }`;
const start = (steps: readonly string[], head = ''): Promise<Started> => on.start(steps.join('\n'), head);
const HOLD = '- { id: hold, summary: Wait, wait: { for: 1h } }';
const by = { args: [{ by: 'ann', reason: 'a test' }] as [{ by: string; reason: string }] };
/** As a member of the committee says it. */
async function undo(handle: Started): Promise<void> {
  const { genesis } = on.world.deps;
  const { run } = await viewOf(handle);
  const incident = handle.workflowId.replace('runPlaybook', 'incident');
  const signed = signedCommand(
    genesis,
    incident,
    run,
    { command: 'undo', arguments: { reason: 'a test' } },
    principal(5),
  );
  await handle.executeUpdate(commandRun, { args: [signed] });
}
const failedWith = (result: RunPlaybookResult): unknown =>
  result.outcome === 'failed' ? [result.refusal.code, result.undone, result.left.map(({ step }) => step)] : result;

test.each([1, 2, 3, 4, 5])(
  'a failure at step %i takes back what was done before, the newest first, and nothing else',
  async (k) => {
    const ids = ['s1', 's2', 's3', 's4', 's5'];
    stage.failing.set(`s${k}`, { times: 1, code: 'policy.vault-unknown' });
    const result = await (await start(ids.map(set))).result();
    const before = ids.slice(0, k - 1);
    expect(failedWith(result)).toEqual(['policy.vault-unknown', [...before].reverse(), []]);
    expect(stage.done.splice(0)).toEqual([
      ...before.map((id) => `test.set ${id}`),
      `test.set s${k} failed`,
      ...[...before].reverse().map((id) => `test.unset un-${id}`),
    ]);
  },
);

test('a step whose outcome nobody knows is taken back too', async () => {
  stage.failing.set('s2', { times: 1, code: 'unknown-outcome.settlement' });
  const result = await (await start([set('s1'), set('s2')])).result();
  expect(failedWith(result)).toEqual(['unknown-outcome.settlement', ['s2', 's1'], []]);
  stage.done.length = 0;
});

test('what cannot be taken back keeps nothing else, is named, and is tried again when a person says so', async () => {
  stage.failing.set('s3', { times: 1, code: 'policy.vault-unknown' });
  stage.failing.set('un-s1', { times: 1, code: 'conflict.deposit-spent' });
  const handle = await start(['s1', 's2', 's3'].map(set));
  const view = await seen(handle, 'it is halted', ({ phase }) => phase === 'halted');
  expect(view.undoable).toMatchObject([{ step: 's1', refusal: { code: 'conflict.deposit-spent' } }]);
  expect(await handle.query(progressQuery)).toMatchObject({
    awaitingRole: 'commander',
    next: expect.stringContaining('undo or close'),
  });
  await undo(handle);
  expect(failedWith(await handle.result())).toEqual(['policy.vault-unknown', ['s2', 's1'], []]);
  await keepHistory(handle, 'run-playbook-halted');
  stage.done.length = 0;
});

test('stop leaves the world as it is, and undo is another command', async () => {
  const handle = await start([set('s1'), HOLD]);
  await seen(handle, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  await handle.executeUpdate(stopRun, by);
  const halted = await seen(handle, 'it is halted', ({ phase }) => phase === 'halted');
  expect(halted).toMatchObject({
    refusal: { code: 'policy.run-stopped' },
    undoable: [{ step: 's1', action: 'test.unset' }],
  });
  expect(stage.done).toEqual(['test.set s1']);
  await expect(handle.executeUpdate(stopRun, by)).rejects.toMatchObject({ cause: { type: 'conflict.run-phase' } });
  await undo(handle);
  expect(failedWith(await handle.result())).toEqual(['policy.run-stopped', ['s1'], []]);
  expect(stage.done.splice(0)).toEqual(['test.set s1', 'test.unset un-s1']);
});

test('one command stops and undoes; another closes a halted run as it stands', async () => {
  const undone = await start([set('s1'), HOLD]);
  await seen(undone, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  await undo(undone);
  expect(failedWith(await undone.result())).toEqual(['policy.run-stopped', ['s1'], []]);

  const closed = await start([set('s2'), HOLD]);
  await seen(closed, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  await expect(closed.executeUpdate(closeRun, by)).rejects.toMatchObject({ cause: { type: 'conflict.run-phase' } });
  await closed.executeUpdate(stopRun, by);
  await seen(closed, 'it is halted', ({ phase }) => phase === 'halted');
  await closed.executeUpdate(closeRun, by);
  expect(failedWith(await closed.result())).toEqual(['policy.run-stopped', [], ['s2']]);
  stage.done.length = 0;
});

test('a stop lets an effect finish that has begun, so that it can be taken back', async () => {
  let go = (): void => undefined;
  stage.held.set('s2', new Promise((resolve) => (go = resolve)));
  const handle = await start([set('s1'), set('s2'), set('s3')]);
  await seen(handle, 'the second runs', ({ now }) => now.some(({ step }) => step === 's2'));
  await undo(handle);
  go();
  expect(failedWith(await handle.result())).toEqual(['policy.run-stopped', ['s2', 's1'], []]);
  expect(stage.done.splice(0)).toEqual(['test.set s1', 'test.set s2', 'test.unset un-s2', 'test.unset un-s1']);
  stage.held.clear();
});

test('a click on cancel stops the run and takes nothing back', async () => {
  const handle = await start([set('s1'), HOLD]);
  await seen(handle, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  await handle.cancel();
  await seen(handle, 'it is halted', ({ phase }) => phase === 'halted');
  expect(stage.done.splice(0)).toEqual(['test.set s1']);
  await handle.executeUpdate(closeRun, by);
  expect(failedWith(await handle.result())).toEqual(['policy.run-stopped', [], ['s1']]);
});

test('a playbook that says so leaves everything as it is when it fails, and asks a person', async () => {
  stage.failing.set('s2', { times: 1, code: 'policy.vault-unknown' });
  const handle = await start([set('s1'), set('s2')], 'onFailure: stop');
  await seen(handle, 'it is halted', ({ phase }) => phase === 'halted');
  expect(stage.done.splice(0)).toEqual(['test.set s1', 'test.set s2 failed']);
  await handle.executeUpdate(closeRun, by);
  expect(failedWith(await handle.result())).toEqual(['policy.vault-unknown', [], ['s1']]);
});

const FREEZE = `- id: freeze
  summary: Stop payouts
  action: custody.freeze
  with: { lasts: 2h, reason: of a test }
  timeout: 1m
  effect: reversible
  compensate: { action: custody.lift, with: { number: "\${result.number}", reason: of a test } }
- id: frozen
  summary: Everybody holds it
  probe: custody.frozen
  with: { number: "\${steps.freeze.number}" }
  expect: result.live == 5 && result.frozen == 5`;

test('a freeze waits for an order of the committee, every validator obeys it, and undoing it waits for a lift', async () => {
  const handle = await start([FREEZE, HOLD]);
  const waiting = await seen(handle, 'an order is asked for', ({ orders }) => orders.length === 1);
  expect(waiting.orders[0]).toMatchObject({ step: 'freeze', kind: 'freeze', above: 0 });
  expect(await handle.query(progressQuery)).toMatchObject({
    phase: 'order',
    awaitingRole: 'committee',
    next: expect.stringContaining('sign a freeze with a number above 0'),
  });
  const unsigned = { ...orderOf(on.world, 'freeze', 3), signatures: [] };
  await expect(handle.executeUpdate(handOrder, { args: [unsigned] })).rejects.toMatchObject({
    cause: { type: 'policy.order-quorum' },
  });
  await handle.executeUpdate(handOrder, { args: [orderOf(on.world, 'freeze', 3)] });
  await seen(handle, 'everybody is frozen', ({ finished }) => finished.includes('frozen'));
  await undo(handle);
  await seen(handle, 'a lift is asked for', ({ orders }) => orders[0]?.kind === 'lift' && orders[0].above === 3);
  await handle.executeUpdate(handOrder, { args: [orderOf(on.world, 'lift', 4)] });
  expect(failedWith(await handle.result())).toEqual(['policy.run-stopped', ['freeze'], []]);
  await keepHistory(handle, 'run-playbook-orders');
});

test('a freeze that was signed beforehand is handed on at once; one that lasts longer than the playbook asks is not', async () => {
  const plan = planOf(FREEZE);
  const long = await startRun(on.env.client, on.world, on.taskQueue, plan, {
    orders: [orderOf(on.world, 'freeze', 10, 3 * 3_600)],
  });
  expect(await long.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.freeze-duration' } });
  const handle = await startRun(on.env.client, on.world, on.taskQueue, plan, {
    orders: [orderOf(on.world, 'freeze', 11)],
  });
  expect(await handle.result()).toMatchObject({
    outcome: 'done',
    undoable: [{ step: 'freeze', action: 'custody.lift' }],
  });
});

test('a playbook that is edited and stored anew while it runs changes nothing in the run', async () => {
  const loaded = planOf([set('s1'), HOLD.replace('1h', '1s'), set('s2')].join('\n'));
  const handle = await startRun(on.env.client, on.world, on.taskQueue, loaded);
  await seen(handle, 'it holds', ({ now }) => now.some(({ step }) => step === 'hold'));
  const edited = planOf([set('s1'), HOLD.replace('1h', '1s'), set('s9')].join('\n'));
  await putDocument(on.world, edited.plan);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done.splice(0)).toEqual(['test.set s1', 'test.set s2']);
  const other = await startRun(on.env.client, on.world, on.taskQueue, { ...loaded, digest: planDigest(edited.plan) });
  expect(await other.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'input.plan-digest' } });
});

test('a run of a network that asks for signatures does not start without them', async () => {
  const strict = await testWorld({ pinned: { committee: COMMITTEE, environment: 'drill' } });
  const own = await startWorker(on.env, { activities: activitiesOn(strict, stage) });
  const handle = await startRun(on.env.client, strict, own.taskQueue, planOf(set('s1')));
  expect(await handle.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.endorsement-missing' } });
  expect(stage.done).toEqual([]);
  await own.stop();
  await strict.stop();
});
