import { everyStep } from '../../domain/playbook/nesting.ts';
import type { ActionStep, WorkflowStep } from '../../domain/playbook/plan.ts';
import { actBack } from './effect.ts';
import { record } from './recording.ts';
import type { Run } from './run.ts';
import type { Undoable } from './state.ts';

/** A step of another run that this one surrounds has its retries there; here it gets these. */
const OF_ANOTHER_RUN = { attempts: 5, delayMs: 2_000, delayMsMax: 60_000 };
const OF_ANOTHER_RUN_MS = 3_600_000;

/**
 * Takes finished steps back, the newest first. One that cannot be undone stays in the list with its reason and keeps none of the
 * others: a person sees exactly what still stands.
 */
export async function undoSome(run: Run, which: (entry: Undoable) => boolean): Promise<void> {
  const entries = run.state.undo.filter(which).reverse();
  for (const entry of entries) {
    const verdict = entry.arguments === undefined ? undefined : await actBack(run, entry, stepOf(run, entry));
    record(run, 'step.undone', {
      run: run.name,
      step: entry.step,
      key: entry.key,
      does: entry.action,
      outcome: verdict?.ok === true ? 'finished' : 'failed',
      ...(verdict?.ok === false ? { code: verdict.refusal.code } : {}),
    });
    if (verdict?.ok === true) {
      run.state.undo = run.state.undo.filter((each) => each !== entry);
      run.state.undone.push(entry.step);
    } else if (verdict !== undefined) {
      run.state.undo = run.state.undo.map((each) => (each === entry ? { ...entry, refusal: verdict.refusal } : each));
    }
    run.show();
  }
}

function stepOf(run: Run, entry: Undoable): ActionStep | WorkflowStep {
  const own = everyStep(run.plan.steps).find(({ id }) => id === entry.step);
  if (own !== undefined && ('action' in own || 'workflow' in own)) return own;
  return {
    id: entry.step,
    summary: `of another run`,
    timeoutMs: OF_ANOTHER_RUN_MS,
    set: {},
    onFailure: 'fail',
    effect: 'reversible',
    retry: OF_ANOTHER_RUN,
    action: entry.action,
    with: {},
  };
}
