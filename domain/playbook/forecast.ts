import { FirebreakFailure } from '../errors/failure.ts';
import { evaluateExpression } from './expression.ts';
import {
  type ApprovalStep,
  type Argument,
  type Arguments,
  type Effect,
  type Plan,
  type Step,
  STEP_KINDS,
  type StepKind,
  type TaskStep,
  type WaitStep,
} from './plan.ts';
import { msOf } from './time.ts';
import type { PlanValue } from './value.ts';

const STEPS_MAX = 2_000;

/** A value that only the run will know: the text says what it is made of. */
export type Unknown = { readonly unknown: string };
export type ForecastValue = PlanValue | Unknown;

/** One step as far as it is known before the run, in the order of execution; lines of parallel branches follow each other. */
export type ForecastStep = {
  readonly step: string;
  readonly kind: StepKind;
  readonly summary: string;
  /** Action, process, probe or playbook that is called. */
  readonly target?: string;
  /** Empty: always. Otherwise all of these have to hold: conditions that only the run can decide, branches, rounds. */
  readonly provided: readonly string[];
  readonly arguments: Readonly<Record<string, ForecastValue>>;
  readonly effect: Effect;
  readonly undoneBy?: string;
  readonly approval?: Pick<ApprovalStep['approval'], 'class' | 'covers' | 'quorum' | 'escalate'>;
  readonly form?: TaskStep['task']['form'];
  readonly wait?: WaitStep['wait'];
  /** For how long an expectation has to hold, and how often is looked. */
  readonly hold?: { readonly forMs: number; readonly everyMs: number };
  readonly timeoutMs: number;
};

/** What is known where the walk is. Unknown variables are absent. */
type Known = {
  readonly inputs: Readonly<Record<string, PlanValue>>;
  readonly vars: Readonly<Record<string, PlanValue>>;
  readonly items: Readonly<Record<string, PlanValue>>;
  readonly ended: boolean;
  /** Ends that some path before here takes. */
  readonly ends: readonly string[];
};

/**
 * The ordered steps with their arguments, from the plan and the inputs alone: it is a pure function, so no write can leave. What is
 * certain not to happen is left out. Throws `input.playbook-input` when a required input is missing.
 */
export function forecast(plan: Plan, given: Readonly<Record<string, PlanValue>>): readonly ForecastStep[] {
  const inputs: Record<string, PlanValue> = {};
  for (const [name, { default: usual }] of Object.entries(plan.inputs)) {
    const value = given[name] ?? usual;
    if (value === undefined) throw new FirebreakFailure('input.playbook-input', `input ${name} is missing`);
    inputs[name] = value;
  }
  const vars = Object.entries(plan.variables).flatMap(([name, { initial }]) =>
    initial === undefined ? [] : [[name, initial] as const],
  );
  const steps: ForecastStep[] = [];
  walk(plan.steps, { inputs, vars: Object.fromEntries(vars), items: {}, ended: false, ends: [] }, [], steps);
  return steps;
}

function walk(steps: readonly Step[], start: Known, provided: readonly string[], out: ForecastStep[]): Known {
  let known = start;
  for (const step of steps) {
    if (known.ended) break;
    const holds = step.when === undefined ? true : settle(step.when, known);
    if (holds === false) continue;
    const going = [...new Set([...provided, ...known.ends.map((id) => `not ended at ${id}`)])];
    const conditions = holds === true ? going : [...going, String(step.when)];
    if (out.length >= STEPS_MAX)
      throw new FirebreakFailure('input.playbook-unbounded', `more than ${STEPS_MAX} steps would have to be listed`);
    out.push(lineOf(step, known, conditions));
    const after = inside(step, known, conditions, out);
    const written = { ...after, vars: writtenBy(step, after) };
    const certain = holds === true && step.onFailure === 'fail';
    known = certain ? written : { ...known, vars: agreed(known, [written]), ends: written.ends };
  }
  return known;
}

/** Walks what a step contains; gives what is known after all of it. */
function inside(step: Step, known: Known, provided: readonly string[], out: ForecastStep[]): Known {
  if ('end' in step) return { ...known, ended: true, ends: [...known.ends, step.id] };
  if ('parallel' in step) {
    const after = Object.entries(step.parallel.branches).map(([name, steps]) =>
      walk(steps, known, [...provided, `branch ${name} of ${step.id}`], out),
    );
    return { ...known, vars: agreed(known, after) };
  }
  if ('switch' in step) return insideSwitch(step, known, provided, out);
  if ('repeat' in step) {
    const after = walk(
      step.repeat.steps,
      withoutWrites(step.repeat.steps, known),
      [...provided, `round 1 to ${step.repeat.times} of ${step.id}`],
      out,
    );
    return { ...known, vars: agreed(known, [after]) };
  }
  if ('forEach' in step) return insideForEach(step, known, provided, out);
  return known;
}

function insideSwitch(
  step: Extract<Step, { switch: unknown }>,
  known: Known,
  provided: readonly string[],
  out: ForecastStep[],
): Known {
  const after: Known[] = [];
  const passed: string[] = [];
  for (const { when, steps } of step.switch.cases) {
    const holds = settle(when, known);
    if (holds === false) continue;
    const sure = holds === true && passed.length === 0;
    after.push(walk(steps, known, sure ? provided : [...provided, ...passed, ...(holds === true ? [] : [when])], out));
    if (sure) return after[0] ?? known;
    if (holds === true) return joined(known, after);
    passed.push(`not (${when})`);
  }
  after.push(walk(step.switch.otherwise, known, [...provided, ...passed], out));
  if (passed.length === 0) return after[0] ?? known;
  return joined(known, after);
}

function insideForEach(
  step: Extract<Step, { forEach: unknown }>,
  known: Known,
  provided: readonly string[],
  out: ForecastStep[],
): Known {
  const { in: list, as, atMost, steps } = step.forEach;
  const items = settle(list, known);
  const start = withoutWrites(steps, known);
  if (!Array.isArray(items)) {
    walk(steps, start, [...provided, `each ${as} of ${list}, at most ${atMost}`], out);
  } else {
    for (const item of items.slice(0, atMost))
      walk(steps, { ...start, items: { ...known.items, [as]: item } }, [...provided, `${as} is ${String(item)}`], out);
  }
  return start;
}

function lineOf(step: Step, known: Known, provided: readonly string[]): ForecastStep {
  const kind = STEP_KINDS.find((each) => each in step) ?? 'end';
  const target =
    'action' in step ? step.action : 'workflow' in step ? step.workflow : 'probe' in step ? step.probe : undefined;
  const compensate = 'compensate' in step ? step.compensate : undefined;
  return {
    step: step.id,
    kind,
    summary: step.summary,
    ...(target === undefined ? ('playbook' in step ? { target: step.playbook } : {}) : { target }),
    provided,
    arguments: settleAll(argumentsOf(step), known),
    effect: 'effect' in step ? step.effect : 'none',
    ...(compensate === undefined ? {} : { undoneBy: compensate.action }),
    ...waitedFor(step, known),
    timeoutMs: step.timeoutMs,
  };
}

/** What a step waits for, besides its own end. */
function waitedFor(step: Step, { inputs }: Known): Pick<ForecastStep, 'approval' | 'form' | 'wait' | 'hold'> {
  if ('approval' in step) {
    const { question: _asked, ...approval } = step.approval;
    return { approval };
  }
  if ('task' in step) return { form: step.task.form };
  if ('wait' in step) return { wait: step.wait };
  if (!('probe' in step) || step.hold === undefined) return {};
  return { hold: { forMs: msOf(step.hold.forMs, inputs), everyMs: msOf(step.hold.everyMs, inputs) } };
}

function argumentsOf(step: Step): Arguments {
  if ('with' in step) return step.with;
  if ('notify' in step) return { channels: { literal: step.notify.channels }, message: step.notify.message };
  if ('approval' in step) return { question: step.approval.question };
  return 'task' in step ? { role: { literal: step.task.role }, instruction: step.task.instruction } : {};
}

const settleAll = (given: Arguments, known: Known): Readonly<Record<string, ForecastValue>> =>
  Object.fromEntries(Object.entries(given).map(([name, argument]) => [name, settleArgument(argument, known)]));

function settleArgument(argument: Argument, known: Known): ForecastValue {
  if ('literal' in argument) return argument.literal;
  if ('cel' in argument) return settle(argument.cel, known) ?? { unknown: argument.cel };
  const parts = argument.text.map((part) => (typeof part === 'string' ? part : settle(part.cel, known)));
  const text = argument.text
    .map((part, index) => String(parts[index] ?? `\${${(part as { cel: string }).cel}}`))
    .join('');
  return parts.includes(undefined) ? { unknown: text } : text;
}

/** The value, if what is known decides it; a name without a value leaves it open. */
function settle(text: string, { inputs, vars, items }: Known): PlanValue | undefined {
  try {
    return evaluateExpression(text, { inputs, vars, ...items });
  } catch {
    return undefined;
  }
}

/** Variables after the step: set to what is known, or no longer known. */
function writtenBy(step: Step, known: Known): Known['vars'] {
  const vars: Record<string, PlanValue> = { ...known.vars };
  for (const [name, text] of Object.entries(step.set)) {
    const value = settle(text, known);
    if (value === undefined) delete vars[name];
    else vars[name] = value;
  }
  return vars;
}

const joined = (known: Known, after: readonly Known[]): Known => ({
  ...known,
  vars: agreed(known, after),
  ended: after.every(({ ended }) => ended),
  ends: [...new Set(after.flatMap(({ ends }) => ends))],
});

/** What stays known when it is open which of these happened, or whether any did. */
function agreed(before: Known, after: readonly Known[]): Known['vars'] {
  const same = ([name, value]: readonly [string, PlanValue]): boolean =>
    after.every((each) => JSON.stringify(each.vars[name]) === JSON.stringify(value));
  return Object.fromEntries(Object.entries(before.vars).filter(same));
}

/** At the start of any round but the first, what the body sets may have been set. */
function withoutWrites(steps: readonly Step[], known: Known): Known {
  const after = walk(steps, known, [], []);
  return { ...known, vars: agreed(known, [after]) };
}
