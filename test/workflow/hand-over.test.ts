import { beforeAll, expect, test } from '@jest/globals';
import { requestBytes } from '../../activities/asking.ts';
import { epochAfter } from '../../domain/approval/testkit/voting.ts';
import type { SignedVote } from '../../domain/approval/vote.ts';
import { committeeOf, principal } from '../../domain/committee/testkit/keys.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { Checks } from '../../cli/ceremony/checks.ts';
import { verifyBundle } from '../../cli/evidence/verify.ts';
import { commandIncident, incidentQuery } from '../../workflows/incident/messages.ts';
import { followCommittee } from '../../workflows/lib/messages.ts';
import { castVote, commandRun, type OpenApproval, runViewQuery } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { bundleOf } from './rig/evidence.ts';
import { openIncident, type Opened, seenIncident, signedCommand } from './rig/incidents.ts';
import { COMMITTEE, openApproval, planOf, seen, type Started, vote, voteBy } from './rig/playbooks.ts';
import { keepHistory } from './rig/rig.ts';
import { onStage } from './rig/stage.ts';

const refused: string[] = [];
const on = onStage({
  agents: realAgents,
  // Every validator answers; on a busy machine it takes its time.
  committeeLookMs: 15_000,
  worker: { onRefused: (message, code) => void refused.push(`${message} ${code}`) },
});
const STEPS = [
  '- { id: ask, summary: The committee decides, timeout: 1h, approval: { class: change, covers: [burn], question: "Burn it?" } }',
  '- { id: burn, summary: Burn, action: test.burn, with: { what: x }, timeout: 1m, effect: irreversible }',
].join('\n');
/** Member 0 leaves, member 10 comes. */
const [LEFT, CAME] = [principal(0), principal(10)];
const { members } = committeeOf(2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

/** Every validator follows the next committee; nobody tells a run or an incident. */
async function validatorsFollow(): Promise<void> {
  const { genesis } = on.world.deps;
  const signed = epochAfter(COMMITTEE, { members }, [1, 2, 3, 4, 5, 6, 7].map(principal), {
    environment: genesis.environment,
    network: genesis.name,
  });
  const request = requestBytes(on.world.deps, {
    case: 'handEpochs',
    value: { signedEpochs: [canonicalBytes(signed)] },
  });
  for (const handle of on.world.handlers.values()) await handle(request);
}

/** The code with which it is refused. */
const codeOf = (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'taken',
    (error: { cause?: { type?: string } }) => error.cause?.type ?? 'no code',
  );
const cast = (handle: Started, given: SignedVote) => handle.executeUpdate(castVote, { args: [given] });
const runOf = ({ workflowId }: Opened): Started =>
  on.env.client.workflow.getHandle(workflowId.replace(/^incident/, 'runPlaybook'));
const opened = (): Promise<Opened> => openIncident(on.env.client, on.world, on.taskQueue, planOf(STEPS));

let decided: Opened;
let rejected: Opened;
let fetched: Opened;
let commanded: Opened;
let first: OpenApproval;
beforeAll(async () => {
  decided = await opened();
  rejected = await opened();
  fetched = await opened();
  commanded = await opened();
  for (const each of [decided, rejected, fetched, commanded])
    await seenIncident(each, 'votes are asked for', ({ standing }) => standing.next.length > 0);
  first = await openApproval(runOf(decided), 'ask');
  await vote(runOf(decided), first, [1, 2, 3, 4, 5, 6]);
  await validatorsFollow();
});

test('a hand-over while an approval is open voids its votes when they would count, the new committee decides, and the evidence proves it', async () => {
  const run = runOf(decided);
  // It would be the seventh; nobody has told the run that this member has no seat any more.
  await cast(run, voteBy(LEFT, first));
  const anew = await seen(
    run,
    'it is asked anew',
    ({ approvals }) => approvals[0]?.request.subject.committeeEpoch === 2,
  );
  expect(anew.approvals[0]).toMatchObject({ have: 0, need: 7 });
  expect(on.stage.done).toEqual([]);
  const asked = await openApproval(run, 'ask');
  expect(await codeOf(cast(run, voteBy(principal(3), first)))).toBe('policy.vote-epoch');
  expect(await codeOf(cast(run, voteBy(LEFT, asked)))).toBe('policy.vote-revoked');
  await vote(run, asked, [4, 5, 6, 7, 8, 9, 10]);
  expect(await decided.result()).toMatchObject({ outcome: 'done' });
  expect(on.stage.done.splice(0)).toEqual(['test.burn x']);
  await keepHistory(run, 'run-playbook-handed-over');
  await keepHistory(decided, 'incident-handed-over');
  // It proves the hand-over, and the votes of either committee as what they were.
  const { evidence } = await decided.result();
  const state = verifyBundle(on.world.deps.genesis, await bundleOf(on.world, evidence), new Checks());
  expect(state).toMatchObject({ committeeEpoch: 2 });
});

test('a no of a committee that has handed over ends no approval: the new one is asked, and its no does', async () => {
  const run = runOf(rejected);
  await vote(run, await openApproval(run, 'ask'), [0, 1, 2, 3], 'reject');
  await seen(run, 'it is asked anew', ({ approvals }) => approvals[0]?.request.subject.committeeEpoch === 2);
  await vote(run, await openApproval(run, 'ask'), [7, 8, 9, 10], 'push-back');
  const { refusal } = await seen(run, 'it has ended', (view) => view.refusal !== undefined);
  expect(refusal).toMatchObject({ code: 'policy.approval-pushed-back' });
});

test('a run asks validators when somebody says that there is another committee, and not each time that it is said', async () => {
  const run = runOf(fetched);
  const before = await openApproval(run, 'ask');
  expect(await codeOf(cast(run, voteBy(CAME, before)))).toBe('policy.vote-stranger');
  expect(await run.executeUpdate(followCommittee)).toEqual({ epoch: 2 });
  refused.length = 0;
  expect(await codeOf(run.executeUpdate(followCommittee))).toBe('not-yet.committee-look');
  expect(refused).toEqual(['followCommittee not-yet.committee-look']);
  const asked = await openApproval(run, 'ask');
  expect(await cast(run, voteBy(CAME, asked))).toEqual({ have: 1, need: 7 });
});

test('a command of a member who has left is refused, by a run and by its incident that nobody told', async () => {
  const run = runOf(commanded);
  const { genesis } = on.world.deps;
  const { run: name } = await run.query(runViewQuery);
  const undo = { command: 'undo', arguments: { reason: 'a test' } } as const;
  const command = (key: typeof LEFT) => signedCommand(genesis, commanded.workflowId, name, undo, key);
  expect(await codeOf(run.executeUpdate(commandRun, { args: [command(LEFT)] }))).toBe('policy.command-revoked');
  expect(await run.query(runViewQuery)).toMatchObject({ phase: 'approval' });
  const { execution } = await commanded.query(incidentQuery);
  const lower = { command: 'lower-severity', arguments: { severity: 'SEV3', reason: 'a test' } } as const;
  const lowered = (key: typeof LEFT) =>
    commanded.executeUpdate(commandIncident, {
      args: [signedCommand(genesis, commanded.workflowId, execution, lower, key)],
    });
  expect(await codeOf(lowered(LEFT))).toBe('policy.command-revoked');
  expect(await lowered(CAME)).toEqual({ severity: 'SEV3' });
  // The run has looked when it was commanded.
  await run.executeUpdate(commandRun, { args: [command(CAME)] });
  expect(await commanded.query(incidentQuery)).toMatchObject({ standing: { severity: 'SEV3' } });
});

test('what is opened after the hand-over begins with the committee that validators follow', async () => {
  const run = await on.start(STEPS);
  const { request } = await openApproval(run, 'ask');
  expect(request.subject.committeeEpoch).toBe(2);
  await run.terminate('the test is over');
});
