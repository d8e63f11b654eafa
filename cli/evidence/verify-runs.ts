import type { AuditFacts, AuditRecord } from '../../domain/audit/record.ts';
import { OF_THE_INCIDENT } from '../../domain/audit/shape.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import type { Step } from '../../domain/playbook/plan.ts';
import { require } from '../ceremony/checks.ts';
import { type Context, type OpenedRun, runOf } from './context.ts';

type Check<Kind extends keyof AuditFacts> = (context: Context, facts: AuditFacts[Kind]) => void;

const stepIn = ({ plan }: OpenedRun, step: string): Step | undefined =>
  everyStep(plan.steps).find(({ id }) => id === step);

export const runGoing = (context: Context, { run }: { readonly run: string }): void => void runOf(context, run);

/** A run ends once. */
export const runEnded: Check<'playbook.ended'> = (context, { run, outcome }) => {
  const opened = runOf(context, run);
  require(opened.ended === undefined, 'its run has ended already');
  opened.ended = outcome;
  if (opened.within === undefined) context.outcome = outcome;
};

export const stepStarted: Check<'step.started'> = (context, { run, step, key }) => {
  const opened = runOf(context, run);
  require(stepIn(opened, step) !== undefined, `the plan has no step ${step}`);
  opened.started.set(key, step);
};

/** What is taken back was begun: in this run, or, named by its path, in one inside of it. */
export const stepUndone: Check<'step.undone'> = (context, { run, step }) =>
  require(isBegun(context, run, runOf(context, run), step.split('/')), 'it was never begun');

function isBegun(context: Context, run: string, opened: OpenedRun, [step, ...inner]: readonly string[]): boolean {
  if (step === undefined || ![...opened.started.values()].includes(step)) return false;
  if (inner.length === 0) return true;
  return [...context.runs].some(
    ([name, each]) => each.within?.run === run && each.within.step === step && isBegun(context, name, each, inner),
  );
}

/** The plan that a record names is that of its run; where its facts name no run, that of one that was opened. */
export function requirePlaybook({ runs }: Context, { kind, playbook, facts }: AuditRecord): void {
  if (playbook === undefined) return;
  require(!OF_THE_INCIDENT.has(kind), 'what the incident says is of no plan');
  const own = 'run' in facts ? [runs.get(facts.run)] : [...runs.values()];
  require(own.some((each) => each?.digest === playbook), 'no run of it executes the plan that it names');
}

/** A run inside of another is the playbook that the plan of that one pins at that step. A message of the inner one may have come first. */
export function requireInside({ runs }: Context, { within, plan, digest }: OpenedRun): void {
  const around = within === undefined ? undefined : runs.get(within.run);
  if (within === undefined || around === undefined) return;
  const step = stepIn(around, within.step);
  require(step !== undefined &&
    'playbook' in step &&
    step.playbook === plan.name &&
    step.digest === digest, 'the plan of the run around it does not name its playbook at that step');
}

/** At the end every run around another one is known. */
export function requireSurrounded(context: Context): void {
  for (const opened of context.runs.values()) {
    if (opened.within === undefined) continue;
    require(context.runs.has(opened.within.run), `the run ${opened.within.run} was never opened`);
    requireInside(context, opened);
  }
}
