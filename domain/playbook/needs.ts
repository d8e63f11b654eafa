import type { Digest } from '../encoding/digest.ts';
import { everyStep } from './nesting.ts';
import type { Plan } from './plan.ts';

/** Everything outside of the plan that a run of it will ask for; each name once, sorted. */
export type Needs = {
  readonly actions: readonly string[];
  readonly workflows: readonly string[];
  readonly probes: readonly string[];
  readonly channels: readonly string[];
  /** Digests of the plans that it runs as steps. */
  readonly playbooks: readonly Digest[];
};

/** Undoing and escalation included: what is only asked for when things go wrong must be there too. */
export function needsOf({ steps, guards }: Plan): Needs {
  const every = everyStep(steps);
  const named = <Name extends string>(names: readonly (Name | undefined)[]): readonly Name[] =>
    [...new Set(names.filter((name) => name !== undefined))].sort();
  return {
    actions: named(
      every.flatMap((step) => [
        'action' in step ? step.action : undefined,
        'compensate' in step ? step.compensate?.action : undefined,
      ]),
    ),
    workflows: named(every.map((step) => ('workflow' in step ? step.workflow : undefined))),
    probes: named([
      ...every.map((step) => ('probe' in step ? step.probe : undefined)),
      ...guards.map(({ probe }) => probe),
    ]),
    channels: named(
      every.flatMap((step) =>
        'notify' in step ? step.notify.channels : 'approval' in step ? (step.approval.escalate?.channels ?? []) : [],
      ),
    ),
    playbooks: named(every.map((step) => ('playbook' in step ? step.digest : undefined))),
  };
}
