import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { everyStep } from '../../domain/playbook/nesting.ts';
import type { Step } from '../../domain/playbook/plan.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import type { RunPlaybookResult } from '../../workflows/run-playbook/messages.ts';
import { type Started, startRun, viewOf } from './rig/playbooks.ts';
import { startServer, stopServer } from './rig/server.ts';
import { effectOfStep, PATHS, plansOf } from './rig/shipped.ts';
import { memberUndoes, type Otherwise, peopleCarry } from './rig/shipped-people.ts';
import { type Facts, type ShippedWorld, shippedWorld, stopShippedWorlds } from './rig/shipped-world.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startServer();
});
afterAll(async () => {
  await stopShippedWorlds();
  await stopServer(env);
});

/** One step of a path that can fail by itself, and which of those before it are named in its place when it is told what to refuse. */
type Walked = { readonly step: Step; readonly before: readonly Step[] };
const REFUSED = 'policy.vault-unknown' as const;
const ASKS_FOR_LIFT = 'sign a lift with a number above';

/** A run of the path by itself; people do what they are asked for. */
async function begin(scene: ShippedWorld): Promise<Started> {
  const { plan, digest, library } = await scene.ready(2);
  const change = { library, inputs: scene.path.inputs };
  return startRun(env.client, scene.world, scene.taskQueue, { ok: true, plan, digest }, change);
}
async function carried(scene: ShippedWorld, otherwise: Otherwise = {}): Promise<Started> {
  const run = await begin(scene);
  await peopleCarry(scene, run, otherwise);
  return run;
}
const resultOf = async (run: Started): Promise<RunPlaybookResult> => run.result();

/** The steps that a run which nothing disturbed says it has finished, in the order of the plan; a playbook inside stands where it was run. */
async function walk(scene: ShippedWorld): Promise<readonly Step[]> {
  const run = await carried(scene);
  expect(await resultOf(run)).toMatchObject({ outcome: 'done', end: scene.path.end });
  const finishedIn = async (where: string): Promise<ReadonlySet<string>> => {
    const handle = where === '' ? run : (env.client.workflow.getHandle(`${run.workflowId}/${where}`) as Started);
    return new Set((await viewOf(handle)).finished);
  };
  const plans = plansOf(scene.path);
  const stepsOf = async (where: string): Promise<readonly Step[]> => {
    const finished = await finishedIn(where);
    const steps: Step[] = [];
    for (const step of everyStep(plans.get(where)?.plan.steps ?? [])) {
      if (!finished.has(step.id)) continue;
      steps.push(...('playbook' in step ? await stepsOf(step.id) : [step]));
    }
    return steps;
  };
  return stepsOf('');
}

const canFail = (step: Step): boolean => effectOfStep(step) !== undefined || 'task' in step;
const isIrreversible = (step: Step): boolean => 'effect' in step && step.effect === 'irreversible';
const compensated = (steps: readonly Step[]): readonly string[] =>
  steps.filter((step) => 'compensate' in step && step.compensate !== undefined).map(({ id }) => id);

/** The step fails for good: its effect is refused, its approval rejected, or the run is undone while its form is open. */
function failing(scene: ShippedWorld, { step, before }: Walked): Otherwise {
  if ('approval' in step) return { rejects: step.id };
  if ('task' in step) return { undoesAt: step.id };
  const effect = effectOfStep(step) ?? '';
  const after = before.filter((each) => effectOfStep(each) === effect).length;
  scene.trouble.refused.set(effect, { after, times: Number.POSITIVE_INFINITY, code: REFUSED, again: false });
  return {};
}

/** What a run that was undone has left: a freeze ends by a lift, which only the committee signs, and which it was asked for. */
async function leftBy(scene: ShippedWorld, asksBefore: number): Promise<Facts> {
  const { frozen } = await scene.facts();
  expect(asksOf(scene) - asksBefore > 0).toBe(frozen.length > 0);
  if (frozen.length > 0) await scene.lift();
  return scene.facts();
}
const asksOf = (scene: ShippedWorld): number => scene.told().filter((text) => text.includes(ASKS_FOR_LIFT)).length;

async function onPath(name: string, work: (scene: ShippedWorld) => Promise<void>): Promise<void> {
  const path = PATHS[name];
  if (path === undefined) throw new Error(`no path ${name}`);
  const scene = await shippedWorld(env, path);
  try {
    await work(scene);
  } finally {
    await scene.stop();
  }
}

/** What several paths have in common fails once; behind what cannot be taken back, each step does. */
const failed = new Set<string>();

test.each(Object.keys(PATHS))(
  'when %s, a failure at any step leaves the world as it was before the run, as far as that can be',
  (name) =>
    onPath(name, async (scene) => {
      const steps = await walk(scene);
      const places = steps.flatMap((step, at) => (canFail(step) ? [{ step, before: steps.slice(0, at) }] : []));
      expect(places.length).toBeGreaterThan(3);
      for (const { step, before } of places) {
        const prefix = [scene.path.playbook, ...before.map(({ id }) => id), step.id].join(' ');
        const once = before.some(isIrreversible) ? step.id : prefix;
        if (failed.has(once)) continue;
        failed.add(once);
        const facts = await scene.facts();
        const asks = asksOf(scene);
        const run = await carried(scene, failing(scene, { step, before }));
        const result = await resultOf(run);
        scene.trouble.refused.clear();
        expect([prefix, result]).toMatchObject([prefix, { outcome: 'failed', left: [] }]);
        const { refusal } = result as Extract<RunPlaybookResult, { outcome: 'failed' }>;
        if (!('task' in step)) expect(refusal.message).toContain(step.id);
        const left = await leftBy(scene, asks);
        const { frozen, paused } = facts;
        expect([prefix, left]).toEqual([prefix, before.some(isIrreversible) ? { ...left, frozen, paused } : facts]);
      }
    }),
  400_000,
);

/** The last step of the path before which everything can be taken back. */
function lastReversible(steps: readonly Step[]): Walked {
  const at = steps.findLastIndex((step, index) => canFail(step) && !steps.slice(0, index).some(isIrreversible));
  const step = steps[at];
  if (step === undefined) throw new Error('the path has no step that can fail');
  return { step, before: steps.slice(0, at) };
}

/** A theft that stands alone takes back what maintenance does, a key and a sweep later; a review of break-glass does nothing to take back. */
const COMPENSATED = Object.entries(PATHS).flatMap(([name, { playbook }]) =>
  name === 'a share was stolen' || playbook === 'break-glass-review' ? [] : [name],
);

test.each(COMPENSATED)(
  'when %s, compensations that fail once, die or fail for good are carried out in the end',
  (name) =>
    onPath(name, async (scene) => {
      const place = lastReversible(await walk(scene));
      const undone = compensated(place.before);
      expect(undone.length).toBeGreaterThan(0);
      const facts = await scene.facts();
      const { trouble } = scene;

      let asks = asksOf(scene);
      for (const id of undone)
        trouble.refused.set(`${id}/undo`, { after: 0, times: 1, code: 'unavailable.order-obeyed', again: true });
      const once = await carried(scene, failing(scene, place));
      expect(await resultOf(once)).toMatchObject({ outcome: 'failed', left: [] });
      expect(await leftBy(scene, asks)).toEqual(facts);

      // Killed inside of each: what it had to do is done, and nobody hears of it.
      asks = asksOf(scene);
      trouble.refused.clear();
      trouble.dies = (effect) => (effect?.endsWith('/undo') === true ? 'silent' : undefined);
      const killed = await carried(scene, failing(scene, place));
      expect(await resultOf(killed)).toMatchObject({ outcome: 'failed', left: [] });
      expect([...trouble.died].map((each) => each.replace(/^.* /, '')).sort()).toEqual(
        undone.map((id) => `${id}/undo`).sort(),
      );
      expect(await leftBy(scene, asks)).toEqual(facts);

      asks = asksOf(scene);
      trouble.refused.clear();
      trouble.dies = () => undefined;
      for (const id of undone)
        trouble.refused.set(`${id}/undo`, {
          after: 0,
          times: Number.POSITIVE_INFINITY,
          code: 'conflict.deposit-spent',
          again: false,
        });
      const halted = await carried(scene, failing(scene, place));
      const { phase, undoable } = await viewOf(halted);
      expect([phase, undoable.map(({ step, refusal }) => [step.split('/').at(-1), refusal?.code])]).toEqual([
        'halted',
        undone.map((id) => [id, 'conflict.deposit-spent']),
      ]);
      expect(await halted.query(progressQuery)).toMatchObject({ awaitingRole: 'commander' });
      trouble.refused.clear();
      await memberUndoes(scene, halted);
      expect(await resultOf(halted)).toMatchObject({ outcome: 'failed', left: [] });
      expect(await leftBy(scene, asks)).toEqual(facts);
    }),
  400_000,
);
