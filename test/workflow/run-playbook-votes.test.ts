import { expect, test } from '@jest/globals';
import { ballotBy } from '../../domain/approval/testkit/voting.ts';
import type { SignedVote } from '../../domain/approval/vote.ts';
import { committeeOf, deputy, principal, signaturesBy, testKey } from '../../domain/committee/testkit/keys.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { epochDigest, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { type Plan, planDigest, type Step } from '../../domain/playbook/plan.ts';
import { answerTask, castVote, handOver, type OpenApproval } from '../../workflows/run-playbook/messages.ts';
import {
  activitiesOn,
  COMMITTEE,
  openApproval,
  planOf,
  seen,
  type Started,
  startRun,
  vote,
  voteBy,
} from './rig/playbooks.ts';
import { keepHistory, startWorker } from './rig/rig.ts';
import { onStage } from './rig/stage.ts';

const refused: string[] = [];
const on = onStage({ worker: { onRefused: (message, code) => void refused.push(`${message} ${code}`) } });
const { stage, start } = on;

const BURN = (what: string): string =>
  `- { id: burn, summary: Burn, action: test.burn, with: { what: ${what} }, timeout: 1m, effect: irreversible }`;
const ASK = (timeout = '1h', more = ''): string =>
  `- { id: ask, summary: The committee decides, timeout: ${timeout}, approval: { class: change, covers: [burn], question: "Burn it?"${more} } }`;
const cast = (handle: Started, given: SignedVote) => handle.executeUpdate(castVote, { args: [given] });
const eventsOf = async (handle: Started): Promise<number> => (await handle.fetchHistory()).events?.length ?? 0;
/** The code with which the run refuses the vote. */
const codeOf = (handle: Started, given: SignedVote): Promise<string> =>
  cast(handle, given).then(
    () => 'counted',
    (error: { cause?: { type?: string } }) => error.cause?.type ?? 'no code',
  );

/** Signs a subject that differs from what is asked, with a real key: a vote for something else. */
const moved = ({ request }: OpenApproval, change: Partial<SignedVote['subject']>): SignedVote => {
  const subject = { ...request.subject, ...change };
  return { subject, ballot: ballotBy(principal(5), subject) };
};

test("every vote that is not a present member's first own answer to this request is refused without an event, and counted", async () => {
  const handle = await start([ASK(), BURN('x')].join('\n'));
  const asked = await openApproval(handle, 'ask');
  await vote(handle, asked, [0, 1]);
  const sound = voteBy(principal(5), asked);
  const other = '12'.repeat(32) as SignedVote['subject']['playbook'];
  const attacks: readonly (readonly [string, SignedVote])[] = [
    ['policy.vote-signature', { ...sound, ballot: { ...sound.ballot, choice: 'reject' } }],
    ['policy.vote-signature', { ...sound, ballot: { ...sound.ballot, voter: principal(6).voter } }],
    ['policy.vote-stranger', voteBy(testKey('mallory'), asked)],
    ['conflict.vote-repeated', voteBy(principal(0), asked)],
    ['conflict.vote-changed', voteBy(principal(1), asked, 'reject')],
    ['conflict.vote-deputy', voteBy(deputy(0), asked)],
    ['policy.vote-environment', moved(asked, { environment: 'drill' })],
    ['policy.vote-network', moved(asked, { network: 'other' })],
    ['policy.vote-epoch', moved(asked, { committeeEpoch: 2 })],
    ['policy.vote-committee', moved(asked, { committee: other })],
    ['policy.vote-expired', moved(asked, { expiresAtSeconds: 1_000 })],
    ['policy.vote-lifetime', moved(asked, { expiresAtSeconds: Math.floor(Date.now() / 1_000) + 30 * 86_400 })],
    ['policy.vote-playbook', moved(asked, { playbook: other })],
    ['policy.vote-run', moved(asked, { run: 'runPlaybook/test-network/other/1' })],
    ['policy.vote-step', moved(asked, { step: 'elsewhere' })],
    ['policy.vote-arguments', moved(asked, { arguments: other })],
    ['policy.vote-class', moved(asked, { class: 'freeze' })],
    ['policy.vote-replayed', moved(asked, { expiresAtSeconds: asked.request.subject.expiresAtSeconds - 1 })],
    ['policy.vote-comment', voteBy(principal(5), asked, 'push-back')],
    ['input.document-field', { subject: null, ballot: 7 } as unknown as SignedVote],
    ['input.document-field', 'approve' as unknown as SignedVote],
  ];
  const before = await eventsOf(handle);
  refused.length = 0;
  for (const [code, given] of attacks) expect(await codeOf(handle, given)).toBe(code);
  expect(await eventsOf(handle)).toBe(before);
  expect(refused).toEqual(attacks.map(([code]) => `castVote ${code}`));
  expect(stage.done).toEqual([]);
  await vote(handle, asked, [2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done.splice(0)).toEqual(['test.burn x']);
});

test('the same message delivered twice has one receipt and counts once', async () => {
  const handle = await start([ASK(), BURN('x')].join('\n'));
  const asked = await openApproval(handle, 'ask');
  const given = { args: [voteBy(principal(0), asked)] as [SignedVote], updateId: 'vote-of-0' };
  const first = await handle.executeUpdate(castVote, given);
  expect(await handle.executeUpdate(castVote, given)).toEqual(first);
  expect(await openApproval(handle, 'ask')).toMatchObject({ have: 1 });
  await handle.terminate('the test is over');
});

test('votes for a run say nothing in another run of the same playbook', async () => {
  const [one, other] = await Promise.all([start([ASK(), BURN('x')].join('\n')), start([ASK(), BURN('x')].join('\n'))]);
  const asked = await openApproval(one, 'ask');
  await openApproval(other, 'ask');
  expect(await codeOf(other, voteBy(principal(0), asked))).toBe('policy.vote-run');
  await Promise.all([one.terminate('over'), other.terminate('over')]);
});

test('silence escalates, and when the time is over it is a no', async () => {
  const handle = await start([ASK('3s', ', escalate: { after: 1s, channels: [pager, dead] }'), BURN('x')].join('\n'));
  await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3, 4, 5]);
  expect(await handle.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.approval-lapsed' } });
  expect(stage.told.splice(0)).toEqual([
    { channel: 'pager', text: expect.stringContaining('6 of 7 seats have approved') },
  ]);
  expect(stage.done).toEqual([]);
  await keepHistory(handle, 'run-playbook-silence');
});

test('push-backs that make a yes impossible end the run with their words', async () => {
  const handle = await start([ASK(), BURN('x')].join('\n'));
  await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3], 'push-back');
  expect(await handle.result()).toMatchObject({
    refusal: { code: 'policy.approval-pushed-back', message: expect.stringContaining('member-0: otherwise') },
  });
  await keepHistory(handle, 'run-playbook-pushed-back');
});

test('another committee voids the votes of the one before, and its own quorum decides', async () => {
  const handle = await start([ASK(), BURN('x')].join('\n'));
  const asked = await openApproval(handle, 'ask');
  await vote(handle, asked, [0, 1, 2]);
  const next = committeeOf(2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const { name: network, environment } = on.world.deps.genesis;
  const epoch = {
    version: 1,
    environment,
    network,
    previous: committeeDigest(COMMITTEE),
    committee: next,
    reason: 'election',
  } as const;
  const signed = (seats: readonly number[]): SignedEpoch => ({
    epoch,
    signatures: signaturesBy(seats.map(principal), epochDigest(epoch)),
  });
  await expect(handle.executeUpdate(handOver, { args: [signed([1, 2, 3])] })).rejects.toMatchObject({
    cause: { type: 'policy.epoch-quorum' },
  });
  await handle.executeUpdate(handOver, { args: [signed([1, 2, 3, 4, 5, 6, 7])] });
  const anew = await seen(
    handle,
    'it is asked anew',
    ({ approvals }) => approvals[0]?.request.subject.committeeEpoch === 2,
  );
  expect(anew.approvals[0]).toMatchObject({ have: 0 });
  expect(await codeOf(handle, voteBy(principal(3), asked))).toBe('policy.vote-epoch');
  const asking = await openApproval(handle, 'ask');
  expect(await codeOf(handle, voteBy(principal(0), asking))).toBe('policy.vote-revoked');
  await vote(handle, asking, [4, 5, 6, 7, 8, 9, 10]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done.splice(0)).toEqual(['test.burn x']);
});

test('a worker that dies in the middle of a vote loses no ballot; its successor goes on with the next', async () => {
  const first = await startWorker(on.env, { activities: activitiesOn(on.world, stage) });
  const handle = await startRun(on.env.client, on.world, first.taskQueue, planOf([ASK(), BURN('x')].join('\n')));
  const asked = await openApproval(handle, 'ask');
  await vote(handle, asked, [0, 1, 2]);
  await first.stop();
  const second = await startWorker(
    on.env,
    { activities: activitiesOn(on.world, stage) },
    { taskQueue: first.taskQueue },
  );
  await vote(handle, asked, [3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done.splice(0)).toEqual(['test.burn x']);
  await second.stop();
});

test('an answer that changes what would be done voids the votes, and what is done is what the later ones say', async () => {
  const form =
    '- { id: look, summary: Look, timeout: 1h, task: { role: operations, instruction: "What?", form: { what: { type: text, label: What } } } }';
  const { plan } = planOf(
    [form, ASK(), BURN('"${vars.what}"')].join('\n'),
    'variables: { what: { type: text, initial: nothing } }',
  );
  // The compiler refuses to race a vote against what it is about; the interpreter must not depend on that.
  const [look, ask, burn] = plan.steps as [Step, Step, Step];
  const beside = { id: 'both', summary: 'Both', timeoutMs: 1, set: {}, onFailure: 'fail' } as const;
  const branches = { look: [{ ...look, set: { what: 'result.what' } }], ask: [ask] };
  const racing: Plan = { ...plan, steps: [{ ...beside, parallel: { join: 'all', branches } }, burn] };
  const handle = await startRun(on.env.client, on.world, on.taskQueue, {
    ok: true,
    plan: racing,
    digest: planDigest(racing),
  });
  const before = await openApproval(handle, 'ask');
  expect(before.request.covers[0]?.arguments).toEqual({ what: { value: 'nothing' } });
  await vote(handle, before, [0, 1, 2, 3, 4, 5]);
  await handle.executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { what: 'paper' } }] });
  await seen(handle, 'it is asked anew', ({ approvals }) => approvals[0]?.have === 0);
  expect(await codeOf(handle, voteBy(principal(6), before))).toBe('policy.vote-arguments');
  expect(stage.done).toEqual([]);
  const after = await openApproval(handle, 'ask');
  expect(after.request.covers[0]?.arguments).toEqual({ what: { value: 'paper' } });
  await vote(handle, after, [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.done.splice(0)).toEqual(['test.burn paper']);
});

test('arguments that change after the vote are refused by whoever executes', async () => {
  const { plan } = planOf(
    [
      '- { id: look, summary: Look, probe: test.look }',
      ASK(),
      '- { id: then, summary: Wait, wait: { for: 10ms } }',
      BURN('"${vars.what}"'),
    ].join('\n'),
    'variables: { what: { type: text, initial: nothing } }',
  );
  const steps = plan.steps.map((step) => (step.id === 'then' ? { ...step, set: { what: '"paper"' } } : step));
  const moving: Plan = { ...plan, steps };
  const handle = await startRun(on.env.client, on.world, on.taskQueue, {
    ok: true,
    plan: moving,
    digest: planDigest(moving),
  });
  await vote(handle, await openApproval(handle, 'ask'), [0, 1, 2, 3, 4, 5, 6]);
  expect(await handle.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.vote-arguments' } });
  expect(stage.done).toEqual([]);
});

test('what cannot be undone is not done without an approval, whatever its plan says', async () => {
  const { plan } = planOf([ASK(), BURN('x')].join('\n'));
  const bare: Plan = { ...plan, steps: plan.steps.slice(1) };
  const handle = await startRun(on.env.client, on.world, on.taskQueue, {
    ok: true,
    plan: bare,
    digest: planDigest(bare),
  });
  expect(await handle.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.step-unapproved' } });
  expect(stage.done).toEqual([]);
});
