import { everyStep } from '../playbook/nesting.ts';
import type { ApprovalStep, Argument, Arguments, Plan, Step } from '../playbook/plan.ts';
import { resolveArgument, type Values } from '../playbook/resolve.ts';
import type { BoundArgument, CoveredKind, CoveredStep } from './covered.ts';

/** What a step of a plan runs, if an approval can cover it. */
export type Runs = { readonly kind: CoveredKind; readonly name: string; readonly given: Arguments };

export function runsOf(step: Step): Runs | undefined {
  if ('action' in step) return { kind: 'action', name: step.action, given: step.with };
  if ('workflow' in step) return { kind: 'workflow', name: step.workflow, given: step.with };
  return 'playbook' in step ? { kind: 'playbook', name: step.playbook, given: step.with } : undefined;
}

/**
 * What members are asked to approve, with the values of now. An argument that another covered step will make is asked for as its
 * output. Throws `input.playbook-expression` when a value cannot be computed.
 */
export function coversOf(plan: Plan, { approval }: ApprovalStep, values: Values): readonly CoveredStep[] {
  const steps = everyStep(plan.steps);
  const covered = new Set(approval.covers);
  return approval.covers.flatMap((id) => {
    const step = steps.find((each) => each.id === id);
    const runs = step && runsOf(step);
    if (runs === undefined) return [];
    const bound = Object.entries(runs.given).map(([name, argument]) => [name, boundTo(argument, covered, values)]);
    return [{ step: id, kind: runs.kind, name: runs.name, arguments: Object.fromEntries(bound) as Bound }];
  });
}

type Bound = Readonly<Record<string, BoundArgument>>;

function boundTo(argument: Argument, covered: ReadonlySet<string>, values: Values): BoundArgument {
  const [, step = '', name = ''] =
    ('cel' in argument
      ? /^steps\.([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(argument.cel.trim())
      : null) ?? [];
  return covered.has(step) ? { output: { step, name } } : { value: resolveArgument(argument, values) };
}
