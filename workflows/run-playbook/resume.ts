import { refuse, type Verdict } from '../../domain/errors/failure.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import type { ApprovalStep, Plan, Step } from '../../domain/playbook/plan.ts';
import type { Run } from './run.ts';
import { type RunState, stepOfKey } from './state.ts';

/** What may be done once more, because it leaves nothing behind. */
const repeatable = (step: Step): boolean =>
  'approval' in step || 'task' in step || 'wait' in step || 'probe' in step || 'notify' in step || 'end' in step;

type Halted = Pick<Run, 'plan' | 'state'>;

/** The steps of the outermost level from which a halted run can go on. */
export const resumableFrom = (run: Halted): readonly string[] =>
  run.plan.steps.map(({ id }) => id).filter((id) => judgeStep(run, id).ok);

/** Whether a halted run can go on from this step; a no to a step that cannot be meant names those that can. */
export function judgeResume(run: Halted, id: string): Verdict<number> {
  const judged = judgeStep(run, id);
  if (judged.ok || judged.refusal.code !== 'input.resume-step') return judged;
  const from = resumableFrom(run).join(', ') || 'no step';
  return refuse('input.resume-step', `${judged.refusal.message}; it can be resumed from: ${from}`.slice(0, 800));
}

function judgeStep({ plan, state }: Halted, id: string): Verdict<number> {
  if (state.undone.length > 0)
    return refuse('conflict.resume-undone', `taken back already: ${state.undone.join(', ')}`);
  const at = plan.steps.findIndex((step) => step.id === id);
  const step = plan.steps[at];
  if (step === undefined)
    return refuse('input.resume-step', `the plan has no step ${id.slice(0, 60)} at its outermost level`);
  if (state.marks[id]?.done === 'finished' && !repeatable(step))
    return refuse('input.resume-step', `what step ${id} did stands`);
  const passed = passedOver(plan, state, at);
  return passed === undefined
    ? { ok: true, value: at }
    : refuse(
        'policy.resume-unapproved',
        `approval ${passed.approval} covers step ${passed.covered} and has not been given: resume from ${passed.from}`,
      );
}

/** Approvals of a plan that cover the step. */
export const coveringOf = (plan: Plan, id: string): readonly ApprovalStep[] =>
  everyStep(plan.steps).filter((step): step is ApprovalStep => 'approval' in step && step.approval.covers.includes(id));

/** An approval before the place whose certificate something from there on needs and the run does not hold: one signature replaces no votes. */
function passedOver(
  plan: Plan,
  { marks, proofs }: RunState,
  at: number,
): { readonly approval: string; readonly covered: string; readonly from: string } | undefined {
  const proved = new Set(Object.keys(proofs).map(stepOfKey));
  const toCome = new Set(
    everyStep(plan.steps.slice(at))
      .map(({ id }) => id)
      .filter((id) => marks[id]?.done !== 'finished'),
  );
  for (const outer of plan.steps.slice(0, at))
    for (const step of everyStep([outer])) {
      const covered =
        'approval' in step ? step.approval.covers.find((id) => toCome.has(id) && !proved.has(id)) : undefined;
      if (covered !== undefined) return { approval: step.id, covered, from: outer.id };
    }
  return undefined;
}

/**
 * Makes the run go on from a step: what lies before it and has not finished is passed over, everything from it on that has not finished
 * begins afresh with its whole time, and approvals and forms that had finished are asked again. What an effect did stands and is not
 * done twice: its key stays the same.
 */
export function resumeFrom(plan: Plan, state: RunState, at: number): void {
  const [before, after] = [plan.steps.slice(0, at), plan.steps.slice(at)];
  for (const { id } of before) {
    const mark = state.marks[id];
    if (mark?.done === undefined) state.marks[id] = { atMs: mark?.atMs ?? Date.now(), done: 'skipped' };
  }
  const inside = new Map(everyStep(after).map((step) => [step.id, step]));
  for (const [key, mark] of Object.entries(state.marks)) {
    const step = inside.get(ownerOf(key));
    if (step === undefined || (mark.done === 'finished' && !repeatable(step))) continue;
    // A loop goes on in the round in which it was; a step begins again.
    const { chosen, round, items } = mark;
    if (chosen === undefined && round === undefined && items === undefined) delete state.marks[key];
    else
      state.marks[key] = {
        atMs: Date.now(),
        ...(chosen === undefined ? {} : { chosen }),
        ...(round === undefined ? {} : { round }),
        ...(items === undefined ? {} : { items }),
      };
    delete state.answers[key];
    delete state.results[key];
    if ('approval' in step) for (const id of step.approval.covers) forget(state.proofs, id);
  }
  delete state.refusal;
  delete state.told;
}

/** A branch is called `step/branch`. */
const ownerOf = (key: string): string => stepOfKey(key).split('/')[0] ?? key;

function forget(proofs: RunState['proofs'], id: string): void {
  for (const key of Object.keys(proofs)) if (stepOfKey(key) === id) delete proofs[key];
}
