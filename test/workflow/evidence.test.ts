import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Checks } from '../../cli/ceremony/checks.ts';
import { type Bundle, bundleIn, encodeBundle } from '../../cli/evidence/bundle.ts';
import { verifyBundle, verifyFile } from '../../cli/evidence/verify.ts';
import { replay } from '../../domain/audit/replay.ts';
import { epochAfter } from '../../domain/approval/testkit/voting.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import { orderDigest, type Order, type SignedOrder } from '../../domain/committee/order.ts';
import { committeeOf, principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import type { IncidentResult } from '../../workflows/incident/messages.ts';
import { handRole } from '../../workflows/incident/messages.ts';
import { trailQuery } from '../../workflows/lib/messages.ts';
import { answerTask, handOrder, handOver, type RunView, runViewQuery } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { bundleOf } from './rig/evidence.ts';
import { activitiesTelling, openIncident, type Opened } from './rig/incidents.ts';
import { type Carried, losingCompletions } from './rig/lost-completions.ts';
import { emptyStage, openApproval, planOf, type Started, vote } from './rig/playbooks.ts';
import { eventually, keepHistory, startWorker, type WorkerChoices } from './rig/rig.ts';
import { onServerAlone } from './rig/suite.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

/** Fifteen validators that judge a post-quantum signature in one process keep everything else waiting. */
const SEATS = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10];

/** On a machine that has other things to do, fifteen validators in one process take their time. */
const WAIT_MS = 120_000;

const FORM = 'form: { kind: { type: text, label: Kind } }';
const STEPS = [
  '- { id: freeze, summary: Stop payouts, action: custody.freeze, with: { lasts: 1h, reason: a test }, timeout: 10m, effect: reversible, compensate: { action: test.unset, with: { what: freeze } } }',
  `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", ${FORM} } }`,
  '- { id: mark, summary: Mark it, action: test.set, with: { what: paper }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: paper } } }',
  '- { id: ask, summary: The committee decides, timeout: 1h, approval: { class: change, covers: [burn], question: "Burn it?" } }',
  '- { id: burn, summary: Burn, action: test.burn, with: { what: paper }, timeout: 1m, effect: irreversible }',
  '- { id: open, summary: Payouts again, action: custody.lift, with: { number: "${steps.freeze.number}", reason: a test }, timeout: 10m, effect: reversible, compensate: { action: test.unset, with: { what: lift } } }',
  `- { id: learnt, summary: What was learnt, timeout: 1h, task: { role: scribe, instruction: "What was it?", ${FORM} } }`,
  '- { id: over, summary: It was theft, end: { outcome: theft } }',
].join('\n');

type Place = {
  readonly world: TestWorld;
  readonly worker: Awaited<ReturnType<typeof startWorker>>;
  readonly handle: Opened;
};

async function on({ threshold, participants, choices }: Way, scene: (place: Place) => Promise<void>): Promise<void> {
  const world = await testWorld({
    threshold,
    participants,
    pinned: { committee: committeeOf(1, SEATS) },
    agents: realAgents,
  });
  const { activities } = activitiesTelling(world, emptyStage(), { pager: 'pagerduty', chat: 'slack' });
  const worker = await startWorker(env, { activities }, choices);
  try {
    const alert = { name: 'ValidatorOffline', source: 'prometheus', startedAtMs: Date.now() - 1_000 };
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(STEPS), { alert, severity: 'SEV1' });
    await scene({ world, worker, handle });
  } finally {
    await worker.stop();
    await world.stop();
  }
}

/** People do their part: a role, two orders, two forms, seven votes, and the hand-over to the next committee. */
async function carryOut({ world, handle }: Place): Promise<IncidentResult> {
  const run = env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook')) as Started;
  const answer = async (step: string, by: string): Promise<void> => {
    await until(run, `${step} is asked`, ({ tasks }) => tasks.some((task) => task.step === step));
    await run.executeUpdate(answerTask, { args: [{ step, by, answers: { kind: `a copy of a share, says ${by}` } }] });
  };
  const order = async (signed: SignedOrder): Promise<void> => {
    await until(run, `a ${signed.order.kind} is asked for`, ({ orders }) => orders.length > 0);
    await run.executeUpdate(handOrder, { args: [signed] });
  };
  await handle.executeUpdate(handRole, { args: [{ role: 'commander', to: 'ann', by: 'ann' }] });
  await order(signedOrder(world, 'freeze', 1, 3));
  await answer('look', 'bob');
  await vote(run, await openApproval(run, 'ask'), SEATS.slice(0, 7));
  await order(signedOrder(world, 'lift', 2, 7));
  await until(run, 'what was learnt is asked', ({ tasks }) => tasks.length > 0);
  await run.executeUpdate(handOver, { args: [nextCommittee(world)] });
  // More records than go unsigned for long: validators sign a head while the incident is open.
  await eventually('a head is signed', async () => (await handle.query(trailQuery)).signed !== undefined, WAIT_MS);
  await answer('learnt', 'cyd');
  return handle.result();
}

/** The run exists a little later than its incident. */
const until = (run: Started, what: string, look: (view: RunView) => boolean): Promise<void> =>
  eventually(what, () => run.query(runViewQuery).then(look, () => false), WAIT_MS);

function signedOrder({ deps: { genesis } }: TestWorld, kind: Order['kind'], number: number, by: number): SignedOrder {
  const order: Order = {
    version: 1,
    kind,
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: 1,
    number,
    scope: 'payouts',
    reason: 'a test',
    expiresAtSeconds: Math.floor(Date.now() / 1_000) + 3_000,
  };
  return { order, signatures: signaturesBy(SEATS.slice(0, by).map(principal), orderDigest(order)) };
}

/** Seat 0 leaves, seat 11 comes. */
function nextCommittee({ deps: { genesis } }: TestWorld): SignedEpoch {
  const { members } = committeeOf(2, [...SEATS.slice(1), 11]);
  return epochAfter(genesis.committee, { members }, SEATS.slice(1, 8).map(principal), {
    environment: genesis.environment,
    network: genesis.name,
  });
}

type Way = { readonly threshold: number; readonly participants: number; readonly choices: WorkerChoices };
const few = { threshold: 3, participants: 5 };
const WAYS: Readonly<Record<string, () => Way>> = {
  'ten of fifteen validators': () => ({ threshold: 10, participants: 15, choices: {} }),
  'every workflow task replayed from the start': () => ({ ...few, choices: { maxCachedWorkflows: 0 } }),
  'the first completion of every effect lost': () => ({
    ...few,
    choices: { interceptors: { activity: [losingCompletions(new Map() as Carried)] } },
  }),
};

test.each(Object.keys(WAYS))(
  'the evidence of an incident verifies on a machine that has the file and the pinned network alone: %s',
  async (way) => {
    const { participants, ...rest } = WAYS[way]?.() ?? { ...few, choices: {} };
    await on({ participants, ...rest }, async (place) => {
      const { world, handle } = place;
      const result = await carryOut(place);
      await keepHistory(handle, 'incident-evidence');
      expect(result.evidence).toMatchObject({ waiting: 0 });
      expect(result.evidence.broken).toBeUndefined();
      expect(result.evidence.signed?.count).toBe(result.evidence.count);

      const bundle = await bundleOf(world, result.evidence);
      const bytes = encodeBundle(bundle);
      // What is read back is the same content in the same bytes.
      expect(encodeBundle(bundleIn(bytes, 'evidence')).equals(bytes)).toBe(true);
      const state = verifyBundle(world.deps.genesis, bundle, new Checks());
      // The last ones are not waited for long.
      expect(bundle.head.statements.length).toBeGreaterThanOrEqual(rest.threshold);

      // It leads to where the incident itself says that it stands.
      const { standing, outcome } = result;
      expect(state).toMatchObject({
        severity: standing.severity,
        title: standing.title,
        outcome,
        roles: { commander: standing.roles.commander?.name },
        alerts: { 'prometheus ValidatorOffline': 'firing' },
        freeze: { order: 2, untilSeconds: 0 },
      });
      expect(Object.values(state.runs)).toMatchObject([{ name: 'of-a-test', outcome: 'done', end: 'theft' }]);
      expect(state.committeeEpoch).toBe(2);
      expect(state.at.containedMs).toBeGreaterThan(state.at.detectedMs);
      expect(bundle.records.filter(({ kind }) => kind === 'head.signed').length).toBeGreaterThan(0);
      // All that the run did names its plan; what the incident does by itself names none.
      const [plan] = Object.values(state.runs).map((run) => run.plan);
      const namesIt = (ofRun: boolean) =>
        bundle.records.filter((record) => ofRun !== OF_THE_INCIDENT.has(record.kind)).map(({ playbook }) => playbook);
      expect(new Set(namesIt(true))).toEqual(new Set([plan]));
      expect(new Set(namesIt(false))).toEqual(new Set([undefined]));
      const steps = Object.entries(state.steps).map(([key, { outcome: went }]) => `${key.split(' ').at(-1)} ${went}`);
      expect(steps).toEqual(
        ['freeze', 'look', 'mark', 'ask', 'burn', 'open', 'learnt', 'over'].map((step) => `${step} finished`),
      );
      expect(Object.values(state.approvals)).toMatchObject([
        { step: 'ask', outcome: 'certified', votes: { approve: 7, reject: 0 } },
      ]);
      expect(state.at.detectedMs).toBeGreaterThan(state.at.begunMs);
      expect(state.at.recoveredMs).toBeGreaterThan(state.at.detectedMs);
      expect(replay(bundle.records)).toEqual(state);

      verifiesAlone(bundle, world);
      if (process.env['FIREBREAK_RECORD_EVIDENCE'] !== undefined && participants === 15) recordFixture(bundle, world);
    });
  },
  300_000,
);

const OF_THE_INCIDENT: ReadonlySet<string> = new Set([
  'incident.opened',
  'alert.joined',
  'role.taken',
  'notice.sent',
  'head.signed',
  'incident.closed',
]);

/** A folder with two files is all that there is: no data folder, no engine, no store. */
function verifiesAlone(bundle: Bundle, world: TestWorld): void {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-alone-'));
  try {
    const [file, network] = [join(folder, 'bundle.json'), join(folder, 'network.json')];
    writeFileSync(file, encodeBundle(bundle));
    writeFileSync(network, encodeDocument(world.deps.genesis));
    const outcome = verifyFile({ data: join(folder, 'nothing'), network }, file);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.lines.join('\n')).toContain('detect');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What other tests start from, made again after a change of the format: FIREBREAK_RECORD_EVIDENCE=1. */
function recordFixture(bundle: Bundle, world: TestWorld): void {
  const folder = join(import.meta.dirname, '..', '..', 'cli', 'evidence', 'recorded');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bundle.json'), encodeBundle(bundle));
  writeFileSync(join(folder, 'network.json'), encodeDocument(world.deps.genesis));
}
