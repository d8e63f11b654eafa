import { CancellationScope, ChildWorkflowFailure, executeChild, isCancellation, sleep } from '@temporalio/workflow';
import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { PlaybookStep, WorkflowStep } from '../../domain/playbook/plan.ts';
import { resolveArguments } from '../../domain/playbook/resolve.ts';
import { effects, named } from '../lib/effects.ts';
import { RUN_TASK_TIMEOUT, searchAttributes, WORKFLOW_TASK_TIMEOUT } from '../settings.ts';
import { askedFor, tries, undoable, verdictWithTimeout } from './effect.ts';
import { RUN_PLAYBOOK, type RunPlaybookInput, type RunPlaybookResult, workflowOfRun } from './messages.ts';
import { recordProcess } from './process-records.ts';
import { keyMadeBy, resultsOf } from './processes.ts';
import { attempting, inFlight, leftMs, markOf, type Results, type Run, valuesOf } from './run.ts';
import { type Frame, keyOf } from './state.ts';

/** What later steps can refer to; a playbook makes one key, or a few. */
const KEYS_MADE_MAX = 8;

/** A durable process, after the executor has checked that it may be started with these arguments. A stop leaves it to itself. */
export async function runProcess(run: Run, step: WorkflowStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  const given = attempting(() => resolveArguments(step.with, valuesOf(run, frame)));
  if (!given.ok) return given;
  const perform = () =>
    tries(run, step, mark, step.retry, async () => {
      await run.room();
      const checked = {
        ...named(`Check what ${step.id} is started with`),
        scheduleToCloseTimeout: leftMs(step, mark),
      };
      const prepared = await verdictWithTimeout(
        step,
        inFlight(
          run,
          effects.prepareProcess.executeWithOptions(checked, [
            {
              network: run.input.network,
              run: run.name,
              playbook: run.input.playbook,
              workflow: step.workflow,
              arguments: given.value,
              asked: askedFor(run, step, frame),
              epochs: run.state.epochs,
            },
          ]),
        ),
      );
      if (!prepared.ok) return { ...prepared, again: false };
      const { type, workflowId, input } = prepared.value;
      mark.child = workflowId;
      run.show();
      const ended = await inFlight(
        run,
        ofChild(
          step.id,
          leftMs(step, mark),
          type,
          workflowId,
          input,
          step.summary,
          attributesOf(run, run.input.name),
          'ABANDON',
        ),
      );
      if (!ended.ok) return { ...ended, again: ended.refusal.code === 'conflict.process-running' };
      recordProcess(run, step.id, step.workflow, given.value, ended.value);
      const key = keyMadeBy(step.workflow, ended.value);
      if (key !== undefined) run.state.made = [...(run.state.made ?? []), key].slice(-KEYS_MADE_MAX);
      const results = resultsOf(step.workflow, ended.value);
      return results.ok ? results : { ...results, again: true };
    });
  return undoable(run, step, frame, perform);
}

/** Another plan as a run of its own, with its own approvals; what it did can be undone from here when it has ended well. */
export async function runChildPlaybook(run: Run, step: PlaybookStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  const given = attempting(() => resolveArguments(step.with, valuesOf(run, frame)));
  if (!given.ok) return given;
  const { coveredBy, approval } = askedFor(run, step, frame);
  if (coveredBy !== undefined && approval === undefined)
    return refuse('policy.step-unapproved', `${coveredBy} covers step ${step.id}, and nobody approved it`);
  const plan = run.input.library[step.digest];
  if (plan === undefined) return refuse('input.plan-digest', `the plan of ${step.playbook} was not handed to the run`);
  const { network, library, incident, alert } = run.input;
  const input: RunPlaybookInput = {
    network,
    name: step.playbook,
    playbook: step.digest,
    plan,
    library,
    inputs: given.value,
    epochs: run.state.epochs,
    orders: run.state.orders,
    incident,
    ...(alert === undefined ? {} : { alert }),
    within: { run: run.name, step: step.id },
  };
  await run.room();
  const workflowId = `${workflowOfRun(run.name)}/${keyOf(step.id, frame)}${frame.rounds}`;
  mark.child = workflowId;
  run.show();
  const ended = await inFlight(
    run,
    ofChild(
      step.id,
      leftMs(step, mark),
      RUN_PLAYBOOK,
      workflowId,
      input,
      step.summary,
      attributesOf(run, step.playbook),
      'WAIT_CANCELLATION_COMPLETED',
    ),
  );
  if (!ended.ok) return ended;
  const result = ended.value as RunPlaybookResult;
  if (result.outcome === 'failed') {
    keepUndoable(run, step, frame, result.left);
    return { ok: false, refusal: result.refusal };
  }
  keepUndoable(run, step, frame, result.undoable);
  return accept({});
}

function keepUndoable(
  run: Run,
  step: PlaybookStep,
  frame: Frame,
  entries: readonly Omit<Run['state']['undo'][number], 'key'>[],
): void {
  for (const entry of entries)
    run.state.undo.push({ ...entry, step: `${step.id}/${entry.step}`, key: keyOf(`${step.id}/${entry.step}`, frame) });
}

const attributesOf = (run: Run, playbook: string): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: searchAttributes.network, value: run.input.network },
    { key: searchAttributes.severity, value: run.input.incident.severity },
    { key: searchAttributes.playbook, value: playbook },
  ]);

/** The result of a child, for as long as the step may take. A process that takes longer goes on by itself. */
async function ofChild(
  step: string,
  withinMs: number,
  type: string,
  workflowId: string,
  input: unknown,
  summary: string,
  typedSearchAttributes: TypedSearchAttributes,
  cancellationType: 'ABANDON' | 'WAIT_CANCELLATION_COMPLETED',
): Promise<Verdict<unknown>> {
  const timer = new CancellationScope();
  const late = timer
    .run(() => sleep(withinMs, { summary: `The time of ${step} ends` }))
    .then(
      () => true,
      () => false,
    );
  try {
    const child = executeChild(type, {
      workflowId,
      args: [input],
      workflowTaskTimeout: type === RUN_PLAYBOOK ? RUN_TASK_TIMEOUT : WORKFLOW_TASK_TIMEOUT,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      parentClosePolicy: 'ABANDON',
      cancellationType,
      staticSummary: summary.slice(0, 200),
      typedSearchAttributes,
    });
    const first = await Promise.race([
      child.then((result) => ({ result })),
      late.then((isLate) => (isLate ? undefined : new Promise<never>(() => undefined))),
    ]);
    return first === undefined
      ? refuse('unknown-outcome.process', `${workflowId} did not end within the time of step ${step}`)
      : accept(first.result);
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      return refuse('conflict.process-running', `${workflowId} is running already`);
    if (error instanceof ChildWorkflowFailure)
      return refuse(
        'unknown-outcome.process',
        `${workflowId} ended without a result: ${error.cause?.message ?? ''}`.slice(0, 800),
      );
    throw error;
  } finally {
    timer.cancel();
  }
}
