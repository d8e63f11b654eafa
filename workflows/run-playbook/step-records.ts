import { subjectDigest } from '../../domain/approval/vote.ts';
import type { Effect, Step } from '../../domain/playbook/plan.ts';
import { record, valuesSaid } from './recording.ts';
import type { Results, Run } from './run.ts';

const effectOf = (step: Step): Effect => ('effect' in step ? step.effect : 'none');

function doesOf(step: Step): { readonly does?: string } {
  if ('action' in step) return { does: step.action };
  if ('workflow' in step) return { does: step.workflow };
  if ('playbook' in step) return { does: step.playbook };
  return 'probe' in step ? { does: step.probe } : {};
}

/** The record of a step that begins; of one that changes nothing it may come along with the next. */
export function stepStarted(run: Run, step: Step, key: string): void {
  const effect = effectOf(step);
  record(
    run,
    'step.started',
    { run: run.name, step: step.id, key, ...doesOf(step), effect },
    { now: effect !== 'none' },
  );
}

export function stepEnded(
  run: Run,
  step: Step,
  key: string,
  outcome: 'finished' | 'skipped' | 'failed',
  { results, code }: { readonly results?: Results; readonly code?: string } = {},
): void {
  const proof = run.state.proofs[key];
  const { values, enclosed } =
    results === undefined || Object.keys(results).length === 0 ? {} : valuesSaid('results', results);
  record(
    run,
    'step.ended',
    {
      run: run.name,
      step: step.id,
      key,
      ...doesOf(step),
      outcome,
      ...(values === undefined ? {} : { values }),
      ...(proof === undefined ? {} : { approval: subjectDigest(proof.certificate.subject) }),
      ...(code === undefined ? {} : { code }),
    },
    { now: effectOf(step) !== 'none' || outcome === 'failed', ...(enclosed === undefined ? {} : { enclosed }) },
  );
}
