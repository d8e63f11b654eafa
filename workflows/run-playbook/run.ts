import type { Authority } from '../../domain/committee/committee.ts';
import { accept, FirebreakFailure, type Refusal, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { evaluateExpression } from '../../domain/playbook/expression.ts';
import type { Plan, Step } from '../../domain/playbook/plan.ts';
import type { Values } from '../../domain/playbook/resolve.ts';
import type { PlanValue } from '../../domain/playbook/value.ts';
import type { RunPlaybookInput } from './messages.ts';
import { type Frame, keyOf, type Mark, type RunState, valuesAt } from './state.ts';

export type Results = Readonly<Record<string, PlanValue>>;

/** What every part of the interpreter is given. The plan is the one of the start, whatever happened to its file since. */
export type Run = {
  readonly input: RunPlaybookInput;
  readonly plan: Plan;
  readonly inputs: Values;
  /** What votes call this run: its workflow and the first execution of it. */
  readonly name: string;
  readonly state: RunState;
  authority: Authority;
  /** Effects and processes that have been asked for and not answered: while there is one, the run cannot continue as new. */
  inFlight: number;
  /** Another execution should carry it on. */
  readonly isLong: () => boolean;
  /** Waits while the history is too long to go on in this execution. */
  readonly room: () => Promise<void>;
  /** Whether it answers an incident by itself: people who decide about it are then waited for, and the incident hears how it goes. */
  readonly inIncident: boolean;
  /** Brings the page, the query, the list and the incident up to date. */
  readonly show: () => void;
};

export const valuesOf = ({ state, input, inputs }: Run, frame: Frame, more: Values = {}): Values =>
  valuesAt(
    state,
    { inputs, incident: input.incident, ...(input.alert === undefined ? {} : { alert: input.alert }) },
    frame,
    more,
  );

/** What only the data can refuse: a label that is no number, a text that became too long. */
export function attempting<T>(work: () => T): Verdict<T> {
  try {
    return accept(work());
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    return refuse(error.code, error.message, error.details);
  }
}

export const holds = (run: Run, condition: string, frame: Frame, more: Values = {}): Verdict<boolean> =>
  attempting(() => evaluateExpression(condition, valuesOf(run, frame, more)) === true);

export const markOf = (run: Run, step: Step, frame: Frame): Mark => {
  const key = keyOf(step.id, frame);
  return (run.state.marks[key] ??= { atMs: Date.now() });
};

/** Milliseconds that the step has left; at least one, so that a timer still fires. */
export const leftMs = (step: Step, mark: Mark): number => Math.max(1, mark.atMs + step.timeoutMs - Date.now());

export const changed = (run: Run): void => {
  run.state.version += 1;
  run.show();
};

export async function inFlight<T>(run: Run, work: Promise<T>): Promise<T> {
  run.inFlight += 1;
  try {
    return await work;
  } finally {
    run.inFlight -= 1;
  }
}

export const timedOut = (step: Step): Refusal => ({
  code: 'unavailable.step-timeout',
  message: `step ${step.id} took longer than ${step.timeoutMs / 1_000} s`,
});

/** One name for one effect, the same for every attempt and in every execution of the run. */
export const effectKey = (run: Run, step: string, frame: Frame): string =>
  `${run.name}/${step}${frame.suffix}${frame.rounds}`;
