import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { AuditRecord } from '../../domain/audit/record.ts';
import { forecast, type ForecastStep } from '../../domain/playbook/forecast.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import { RUN_PLAYBOOK, type RunPlaybookResult, workflowOfRun } from '../../workflows/run-playbook/messages.ts';
import { bundleOf, factsOf } from './rig/evidence.ts';
import { openIncident } from './rig/incidents.ts';
import type { Started } from './rig/playbooks.ts';
import { startServer, stopServer } from './rig/server.ts';
import { effectOfStep, type Path, PATHS, shipped, SHIPPED } from './rig/shipped.ts';
import { peopleCarry } from './rig/shipped-people.ts';
import { shippedWorld, stopShippedWorlds } from './rig/shipped-world.ts';
import type { Trouble } from './rig/trouble.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startServer();
});
afterAll(async () => {
  await stopShippedWorlds();
  await stopServer(env);
});

/** Steps whose executor is gone without a word until the engine misses its heartbeat: what must not happen twice, and the brake. */
const GONE = new Set(['freeze', 'rotate', 'sweep']);
/**
 * Stands for a worker that gets SIGKILL at every boundary, as far as the engine and the world can tell: each effect of the run, of its incident
 * and of the processes below has been carried out when whoever did it dies, and each workflow task is taken up by a worker that
 * remembers nothing (`maxCachedWorkflows: 0`). Real processes are killed behind each step in `test/e2e/incidents.ts`.
 */
const dying: Trouble['dies'] = (effect, { workflowType }) =>
  workflowType === RUN_PLAYBOOK && effect !== undefined && GONE.has(effect) ? 'silent' : 'unheard';

/** An incident on the path from its opening to its signed evidence, and everything about it that does not name when or where it was. */
async function incidentOn(path: Path, isKilled: boolean) {
  const scene = await shippedWorld(env, path, isKilled ? { maxCachedWorkflows: 0 } : {});
  try {
    const { plan, digest, ref, library } = await scene.ready(1);
    const before = await scene.facts();
    if (isKilled) scene.trouble.dies = dying;
    const playbook = { name: plan.name, playbook: digest, plan: ref, library, inputs: path.inputs };
    const given = { severity: plan.severity, playbook };
    const incident = await openIncident(env.client, scene.world, scene.taskQueue, { ok: true, plan, digest }, given);
    const run = env.client.workflow.getHandle(incident.workflowId.replace(/^incident/, 'runPlaybook')) as Started;
    await peopleCarry(scene, run);
    const { outcome, result, evidence } = await incident.result();
    const { records } = await bundleOf(scene.world, evidence);
    const facts = await scene.facts();
    return {
      ends: {
        outcome,
        end: (result as Extract<RunPlaybookResult, { outcome: 'done' }>).end,
        facts,
        transactions: facts.transactions - before.transactions,
        told: scene.told().map(withoutEpochs),
        records: records
          .filter(({ kind }) => kind !== 'head.signed')
          .map(said)
          .sort(),
        // How often heads are signed goes by time; that they are does not.
        isSigned: records.some(({ kind }) => kind === 'head.signed'),
      },
      finished: finishedIn(records),
      started: startedIn(records, plan.name),
      planned: forecast(plan, path.inputs),
      sideBySide: sideBySideIn(plan),
      given: scene.trouble.given.filter(({ workflowId }) => workflowId === run.workflowId),
      died: scene.trouble.died,
    };
  } finally {
    await scene.stop();
  }
}

/** Keys of different worlds have different numbers. */
const withoutEpochs = (text: string): string => text.replaceAll(/\bkey \d+/g, 'key N');

/** What a record says, without what differs between two runs of the same plan. */
function said({ kind, facts }: Pick<AuditRecord, 'kind' | 'facts'>): string {
  const { step, does, outcome, code, end, choice, number, swept, name } = facts as Readonly<
    Record<string, string | number | undefined>
  >;
  return [kind, step, does, outcome, code, end, choice, number, swept, name]
    .filter((each) => each !== undefined)
    .join(' ');
}

/** Steps of the plan itself, not of those that it calls, with the effect under which they were begun. */
function startedIn(records: readonly AuditRecord[], name: string): ReadonlyMap<string, string> {
  const runs = factsOf(records, 'playbook.opened').flatMap((opened) => (opened.name === name ? [opened.run] : []));
  const started = factsOf(records, 'step.started').filter(({ run }) => runs.includes(run));
  return new Map(started.map(({ step, effect }) => [step, effect]));
}

/** Steps of branches: which of two begins first is open. */
const sideBySideIn = ({ steps }: Plan): ReadonlySet<string> =>
  new Set(
    everyStep(steps)
      .flatMap((step) => ('parallel' in step ? Object.values(step.parallel.branches).flatMap(everyStep) : []))
      .map(({ id }) => id),
  );

/** The arguments that were known beforehand. */
const knownOf = ({ arguments: given }: ForecastStep): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(given).filter(([, value]) => typeof value !== 'object' || value === null || !('unknown' in value)),
  );

type Finished = { readonly plan: string; readonly step: string; readonly boundary: string | undefined };

/** Every step that the records say was finished, and how the death of whoever executed it is called. */
function finishedIn(records: readonly AuditRecord[]): readonly Finished[] {
  const names = new Map(factsOf(records, 'playbook.opened').map(({ run, name }) => [run, name]));
  return factsOf(records, 'step.ended').flatMap(({ run, step: id, outcome }) => {
    if (outcome !== 'finished') return [];
    const plan = names.get(run) ?? '';
    const step = everyStep(shipped(plan).plan.steps).find((each) => each.id === id);
    const effect = step === undefined ? undefined : effectOfStep(step);
    return [{ plan, step: id, boundary: effect === undefined ? undefined : `${workflowOfRun(run)} ${effect}` }];
  });
}

const walked = new Set<string>();
let compared = 0;

test.each(Object.entries(PATHS))(
  'when %s, a worker that dies at every step changes nothing of how it ends',
  async (_name, path) => {
    const undisturbed = await incidentOn(path, false);
    const killed = await incidentOn(path, true);
    expect(undisturbed.ends).toMatchObject({ outcome: 'done', end: path.end, transactions: path.key ? 1 : 0 });
    expect(killed.ends).toEqual(undisturbed.ends);
    const boundaries = killed.finished.flatMap(({ boundary }) => boundary ?? []);
    expect(boundaries.length).toBeGreaterThan(3);
    expect(boundaries.filter((boundary) => !killed.died.has(boundary))).toEqual([]);
    expect(undisturbed.died.size).toBe(0);
    for (const { plan, step } of undisturbed.finished) walked.add(`${plan} ${step}`);
    // What `playbook plan` shows beforehand is what was done: nothing else, with no other effect, and all that it calls certain.
    const planned = new Map(undisturbed.planned.map(({ step, effect }) => [step, effect]));
    for (const [step, effect] of undisturbed.started) expect([step, planned.get(step)]).toEqual([step, effect]);
    const inOrder = (ids: readonly string[]) => [...new Set(ids)].filter((id) => !undisturbed.sideBySide.has(id));
    const foretold = inOrder(undisturbed.planned.map(({ step }) => step));
    const begun = inOrder([...undisturbed.started.keys()]);
    expect(begun).toEqual(foretold.filter((id) => begun.includes(id)));
    expect(undisturbed.given.length).toBeGreaterThan(0);
    for (const { step, does, with: values } of undisturbed.given) {
      const foretelling = undisturbed.planned.filter((line) => line.step === step && line.target === does);
      const right = foretelling.map(knownOf).find((known) => isDeepStrictEqual({ ...values, ...known }, values));
      expect([step, foretelling.map(knownOf), right !== undefined]).toEqual([step, expect.anything(), true]);
      compared += Object.keys(right ?? {}).length;
    }
    const certain = undisturbed.planned.filter(({ provided }) => provided.length === 0).map(({ step }) => step);
    expect(certain.filter((step) => !undisturbed.started.has(step))).toEqual([]);
  },
  600_000,
);

/**
 * Come to only while a freeze stands that no run has put; `custody.askForLift` is carried out in `run-playbook-grants.test.ts`, all three
 * in `break-glass-review.test.ts`.
 */
const OFF = ['askForLift', 'overLater', 'later'].map((step) => `break-glass-review ${step}`);

test('no step of a shipped playbook lies off these paths, and arguments that were foretold were compared', () => {
  expect(compared).toBeGreaterThan(10);
  const every = [...SHIPPED].flatMap(([name, { plan }]) => everyStep(plan.steps).map(({ id }) => `${name} ${id}`));
  expect(every.filter((step) => !walked.has(step))).toEqual(OFF);
});
