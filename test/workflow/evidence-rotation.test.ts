import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Checks } from '../../cli/ceremony/checks.ts';
import { type Bundle, encodeBundle } from '../../cli/evidence/bundle.ts';
import { verifyBundle } from '../../cli/evidence/verify.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { grantDigest, type SignedGrant, type StandingOrder } from '../../domain/committee/grant.ts';
import { committeeOf, principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { Catalogue } from '../../domain/playbook/catalogue.ts';
import { GENERATE_KEY, startGenerateKey } from '../../workflows/generate-key/messages.ts';
import { closeIncident, incidentQuery } from '../../workflows/incident/messages.ts';
import { trailQuery } from '../../workflows/lib/messages.ts';
import { type RunView, runViewQuery } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { bundleOf } from './rig/evidence.ts';
import { activitiesTelling, openIncident, type Opened } from './rig/incidents.ts';
import { CATALOGUE, emptyStage, openApproval, planOf, putDocument, type Started, vote } from './rig/playbooks.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

const SCRIPT = new URL('../../docs/reference-formats/verify-evidence.mjs', import.meta.url);
const { verifyEvidence } = (await import(SCRIPT.href)) as {
  verifyEvidence: (given: { readonly network: NetworkGenesis; readonly file: Buffer }) => object;
};

/** Five validators that judge a post-quantum signature in one process keep everything else waiting. */
const SEATS = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10];

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
const stage = emptyStage();
let installed: SignedGrant[] = [];
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: committeeOf(1, SEATS) }, agents: realAgents });
  Object.assign(world.deps, { grants: { list: async () => installed } });
  const { activities } = activitiesTelling(world, stage, { pager: 'pagerduty', chat: 'slack' });
  worker = await startWorker(env, { activities });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

const catalogue: Catalogue = {
  ...CATALOGUE,
  actions: {
    ...CATALOGUE.actions,
    'roster.choose': {
      summary: 'of a test',
      effect: 'none',
      idempotent: true,
      arguments: { without: { type: 'list<validator>', optional: false } },
      results: { participants: 'list<validator>', smallest: 'int', epoch: 'int', nextEpoch: 'int' },
    },
  },
};
const FREEZE =
  '- { id: freeze, summary: Stop payouts, action: custody.freeze, with: { lasts: 1h, reason: a test }, timeout: 2m, effect: reversible, compensate: { action: test.unset, with: { what: freeze } } }';
const ROTATION = `- { id: roster, summary: Who, action: roster.choose, with: { without: "\${[3]}" }, timeout: 1m, effect: none }
- { id: consent, summary: Ask, timeout: 1h, approval: { class: change, covers: [rotate], question: "Make it?" } }
- { id: rotate, summary: Make it, workflow: generateKey, with: { epoch: "\${steps.roster.nextEpoch}", purpose: custody, participants: "\${steps.roster.participants}", smallest: "\${steps.roster.smallest}" }, timeout: 5m, effect: irreversible }`;

/** Signed beforehand for the runs of one plan. */
function standingOrder(playbook: Digest): SignedGrant {
  const { environment, name: network, committee } = world.deps.genesis;
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const limits = {
    usesMax: 2,
    freezeSecondsMax: 3_600,
    validFromSeconds: nowSeconds - 60,
    validUntilSeconds: nowSeconds + 86_400,
  };
  const grant: StandingOrder = {
    version: 1,
    kind: 'standing-order',
    environment,
    network,
    committeeEpoch: committee.epoch,
    committee: committeeDigest(committee),
    number: 1,
    class: 'freeze',
    scope: 'payouts',
    playbook,
    limits,
    reason: 'of a test',
  };
  return { grant, signatures: signaturesBy([1, 3, 4].map(principal), grantDigest(grant)) };
}

const runOf = (handle: Opened): Started =>
  env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook'));
const until = (run: Started, what: string, look: (view: RunView) => boolean): Promise<void> =>
  eventually(what, () => run.query(runViewQuery).then(look, () => false));
const kindsOf = ({ records }: Bundle): readonly string[] => records.map(({ kind }) => kind);

test('a freeze that was allowed beforehand and a key that another playbook made stand in one chain, each proven by its own signatures', async () => {
  const first = { network: world.deps.genesis.name, epoch: 1, purpose: 'custody' };
  await env.client.workflow.execute(GENERATE_KEY, startGenerateKey(first, worker.taskQueue));
  const inner = planOf(ROTATION, 'name: inner', catalogue);
  const outer = planOf(`${FREEZE}\n- { id: sub, summary: Rotate, playbook: inner, timeout: 20m }`, '', {
    ...catalogue,
    playbooks: { inner: { digest: inner.digest, effect: 'irreversible', inputs: {} } },
  });
  installed = [standingOrder(outer.digest)];
  const handle = await openIncident(env.client, world, worker.taskQueue, outer, {
    playbook: {
      name: outer.plan.name,
      playbook: outer.digest,
      plan: await putDocument(world, outer.plan),
      library: { [inner.digest]: await putDocument(world, inner.plan) },
      inputs: {},
    },
  });
  let child = '';
  await until(runOf(handle), 'the other playbook runs', ({ now }) => {
    child = now.find((each) => each.step === 'sub')?.child ?? '';
    return child !== '';
  });
  const rotation: Started = env.client.workflow.getHandle(child);
  await until(rotation, 'a vote is asked', ({ approvals }) => approvals.length > 0);
  await vote(rotation, await openApproval(rotation, 'consent'), SEATS.slice(0, 7));
  const { outcome, evidence } = await handle.result();
  expect(outcome).toBe('done');

  const bundle = await bundleOf(world, evidence);
  const state = verifyBundle(world.deps.genesis, bundle, new Checks());
  // The second verifier, which knows nothing of the platform, says the same.
  const theirs = verifyEvidence({ network: world.deps.genesis, file: encodeBundle(bundle) });
  expect(theirs).toEqual({ ok: true, records: bundle.records.length });
  expect(kindsOf(bundle)).toEqual(expect.arrayContaining(['grant.used', 'key.certified', 'approval.certified']));
  expect(state.keys).toMatchObject([{ epoch: 2 }]);
  expect(state.freeze.untilSeconds).toBeGreaterThan(0);
  expect(Object.values(state.runs).map(({ name, outcome: went }) => `${name} ${went}`)).toEqual([
    'of-a-test done',
    'inner done',
  ]);
  expect(Object.entries(state.steps).map(([key, { outcome: went }]) => `${key.split(' ').at(-1)} ${went}`)).toEqual(
    expect.arrayContaining([
      'freeze finished',
      'sub finished',
      'roster finished',
      'consent finished',
      'rotate finished',
    ]),
  );
});

test('what was taken back is on record as taken back, and the run as failed', async () => {
  stage.failing.set('bad', { times: 1, code: 'policy.vault-unknown' });
  const steps = [
    '- { id: mark, summary: Mark it, action: test.set, with: { what: paper }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: paper } } }',
    '- { id: bad, summary: Fail, action: test.note, with: { what: bad }, timeout: 1m, effect: none, retry: { attempts: 1 } }',
  ].join('\n');
  const handle = await openIncident(env.client, world, worker.taskQueue, planOf(steps, 'onFailure: undo'));
  await eventually('the run has ended', async () => (await handle.query(trailQuery)).count > 8);
  await eventually(
    'the incident is in the hands of people',
    async () => (await handle.query(incidentQuery)).standing.phase === 'failed',
  );
  await handle.executeUpdate(closeIncident, { args: [{ by: 'ann', reason: 'seen' }] });
  const { evidence } = await handle.result();
  const state = verifyBundle(world.deps.genesis, await bundleOf(world, evidence), new Checks());
  expect(state).toMatchObject({ outcome: 'closed', at: { recoveredMs: 0 } });
  expect(Object.values(state.runs)).toMatchObject([{ outcome: 'failed' }]);
  expect(Object.values(state.steps).map(({ outcome: went }) => went)).toEqual(['undone', 'failed']);
});
