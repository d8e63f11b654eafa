import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { everyStep } from '../playbook/nesting.ts';
import { type Argument, type Arguments, type Plan, planDigest, type Step } from '../playbook/plan.ts';
import { canonicalBytes } from '../encoding/digest.ts';
import { toHex } from '../encoding/hex.ts';
import type { ArgumentValue, BoundArgument, CoveredKind, CoveredStep } from './covered.ts';
import type { VoteRequest } from './request.ts';

export type PlanRefusal =
  | 'policy.request-plan'
  | 'policy.request-step'
  | 'policy.request-class'
  | 'policy.request-covers'
  | 'policy.request-value';

/**
 * Whether a request asks for what this plan would do at that step: a member compiles the playbook that they reviewed, and believes
 * the request only as far as it agrees. Values that the plan computes are not in the plan; they are what the member looks at.
 */
export function judgePlan({ subject, covers }: VoteRequest, plan: Plan): Verdict<Plan, PlanRefusal> {
  const digest = planDigest(plan);
  if (digest !== subject.playbook) {
    return refuse(
      'policy.request-plan',
      `playbook ${plan.name} has digest ${digest}, the request is about ${subject.playbook}`,
    );
  }
  const steps = everyStep(plan.steps);
  const asking = steps.find(({ id }) => id === subject.step);
  if (asking === undefined || !('approval' in asking)) {
    return refuse('policy.request-step', `playbook ${plan.name} asks for no approval at step ${subject.step}`);
  }
  const { class: kind, covers: planned } = asking.approval;
  if (kind !== subject.class) {
    return refuse('policy.request-class', `step ${subject.step} is a ${kind}, the request calls it a ${subject.class}`);
  }
  if (covers.length !== planned.length || !covers.every(({ step }) => planned.includes(step))) {
    return refuse('policy.request-covers', `step ${subject.step} covers ${planned.join(', ')} and nothing else`);
  }
  const coveredIds = new Set(planned);
  for (const covered of covers) {
    const step = steps.find(({ id }) => id === covered.step);
    const breach = step && breachOf(covered, step, coveredIds);
    if (breach !== undefined) return refuse('policy.request-value', `step ${covered.step}: ${breach}`);
  }
  return accept(plan);
}

type Does = { readonly kind: CoveredKind; readonly name: string; readonly given: Arguments };

function doesOf(step: Step): Does | undefined {
  if ('action' in step) return { kind: 'action', name: step.action, given: step.with };
  if ('workflow' in step) return { kind: 'workflow', name: step.workflow, given: step.with };
  return 'playbook' in step ? { kind: 'playbook', name: step.playbook, given: step.with } : undefined;
}

function breachOf(covered: CoveredStep, step: Step, coveredIds: ReadonlySet<string>): string | undefined {
  const does = doesOf(step);
  if (does === undefined || does.kind !== covered.kind || does.name !== covered.name) {
    return `the plan does not run ${covered.kind} ${covered.name}`;
  }
  const names = Object.keys(does.given).sort();
  if (names.join(' ') !== Object.keys(covered.arguments).sort().join(' '))
    return `the plan gives it ${names.join(', ')}`;
  const changed = names.find((name) => {
    const planned = does.given[name];
    const asked = covered.arguments[name];
    return planned === undefined || asked === undefined || !fits(planned, asked, coveredIds);
  });
  return changed === undefined ? undefined : `the plan gives it another ${changed}`;
}

/**
 * A fixed value must be that value. What a covered step will make must be asked for as its output: a value in its place would be
 * somebody's own key. Anything else is computed when the vote is asked, and the member looks at it.
 */
function fits(planned: Argument, asked: BoundArgument, coveredIds: ReadonlySet<string>): boolean {
  if ('literal' in planned) return 'value' in asked && sameValue(asked.value, planned.literal);
  const sources =
    'cel' in planned ? [planned.cel] : planned.text.flatMap((part) => (typeof part === 'string' ? [] : [part.cel]));
  const needed = sources.flatMap((cel) => [...cel.matchAll(STEP_NAMED)].map(([, step = '']) => step));
  if (!needed.some((step) => coveredIds.has(step))) return 'value' in asked;
  if ('value' in asked || !('cel' in planned)) return false;
  return planned.cel.trim() === `steps.${asked.output.step}.${asked.output.name}`;
}

/** Every step whose results an expression names. */
const STEP_NAMED = /\bsteps\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)/g;

const sameValue = (left: ArgumentValue, right: ArgumentValue): boolean =>
  toHex(canonicalBytes(left)) === toHex(canonicalBytes(right));
