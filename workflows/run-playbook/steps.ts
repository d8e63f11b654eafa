import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { evaluateExpression } from '../../domain/playbook/expression.ts';
import type { Step } from '../../domain/playbook/plan.ts';
import { forEach, parallel, repeat, switchTo } from './branches.ts';
import { runChildPlaybook, runProcess } from './children.ts';
import { act } from './effect.ts';
import { notify, probe } from './looking.ts';
import { approval, task, wait } from './people.ts';
import { attempting, changed, holds, type Results, type Run, valuesOf } from './run.ts';
import { type Frame, keyOf } from './state.ts';
import { stepEnded, stepStarted } from './step-records.ts';

/** `ended`: an `end` step was reached; it carries the word of its outcome. */
export type Went = { readonly ended?: string };
const ON: Went = {};

/** Executes steps in their order, each once, until one fails or ends the run. */
export async function runSteps(run: Run, steps: readonly Step[], frame: Frame): Promise<Verdict<Went>> {
  for (const step of steps) {
    // A step that shields itself from a stop must not begin after it.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the run was stopped');
    const went = await runStep(run, step, frame);
    if (!went.ok || went.value.ended !== undefined) return went;
  }
  return accept(ON);
}

async function runStep(run: Run, step: Step, frame: Frame): Promise<Verdict<Went>> {
  const key = keyOf(step.id, frame);
  const begun = run.state.marks[key];
  if (begun?.done !== undefined) return accept(ON);
  if (begun === undefined) {
    const wanted = step.when === undefined ? accept(true) : holds(run, step.when, frame);
    run.state.marks[key] = { atMs: Date.now() };
    if (!wanted.ok) return failed(run, step, frame, wanted);
    if (!wanted.value) {
      finish(run, key, 'skipped');
      stepEnded(run, step, key, 'skipped');
      return accept(ON);
    }
    stepStarted(run, step, key);
    run.show();
  }
  const outcome = await runKind(run, step, frame);
  if (!outcome.ok) return failed(run, step, frame, outcome);
  if ('results' in outcome.value) {
    const { results } = outcome.value;
    const written = attempting(() => writesOf(run, step, frame, results));
    if (!written.ok) return failed(run, step, frame, written);
    run.state.results[key] = results;
    Object.assign(run.state.vars, written.value);
  }
  finish(run, key, 'finished');
  stepEnded(run, step, key, 'finished', 'results' in outcome.value ? { results: outcome.value.results } : {});
  return 'went' in outcome.value ? accept(outcome.value.went) : accept(ON);
}

const writesOf = (run: Run, step: Step, frame: Frame, result: Results): Results =>
  Object.fromEntries(
    Object.entries(step.set).map(([name, text]) => [name, evaluateExpression(text, valuesOf(run, frame, { result }))]),
  );

function finish(run: Run, key: string, done: 'finished' | 'skipped' | 'failed'): void {
  const mark = run.state.marks[key] ?? { atMs: Date.now() };
  run.state.marks[key] = { atMs: mark.atMs, done };
  changed(run);
}

/** The run goes on without the results of a step that may fail; otherwise the plan decides. */
function failed(run: Run, step: Step, frame: Frame, no: Extract<Verdict<never>, { ok: false }>): Verdict<Went> {
  stepEnded(run, step, keyOf(step.id, frame), 'failed', { code: no.refusal.code });
  if (step.onFailure === 'continue') {
    finish(run, keyOf(step.id, frame), 'failed');
    return accept(ON);
  }
  const { code, message, details } = no.refusal;
  return message.includes(step.id) ? no : refuse(code, `step ${step.id}: ${message}`.slice(0, 1_000), details);
}

type Outcome = { readonly results: Results } | { readonly went: Went };

async function runKind(run: Run, step: Step, frame: Frame): Promise<Verdict<Outcome>> {
  if ('end' in step) return accept({ went: { ended: step.end.outcome } });
  const inside = (steps: readonly Step[], where: Frame): Promise<Verdict<Went>> => runSteps(run, steps, where);
  if ('parallel' in step) return went(await parallel(run, step, frame, inside));
  if ('switch' in step) return went(await switchTo(run, step, frame, inside));
  if ('repeat' in step) return went(await repeat(run, step, frame, inside));
  if ('forEach' in step) return went(await forEach(run, step, frame, inside));
  const verdict = await runLeaf(run, step, frame);
  return verdict.ok ? accept({ results: verdict.value }) : verdict;
}

type Leaf = Exclude<
  Step,
  { end: unknown } | { parallel: unknown } | { switch: unknown } | { repeat: unknown } | { forEach: unknown }
>;

function runLeaf(run: Run, step: Leaf, frame: Frame): Promise<Verdict<Results>> {
  if ('action' in step) return act(run, step, frame);
  if ('workflow' in step) return runProcess(run, step, frame);
  if ('playbook' in step) return runChildPlaybook(run, step, frame);
  if ('approval' in step) return approval(run, step, frame);
  if ('task' in step) return task(run, step, frame);
  if ('wait' in step) return wait(run, step, frame);
  return 'notify' in step ? notify(run, step, frame) : probe(run, step, frame);
}

const went = (verdict: Verdict<Went>): Verdict<Outcome> => (verdict.ok ? accept({ went: verdict.value }) : verdict);
