import type { ActionClass } from '../../domain/committee/committee.ts';
import { VOTE_SECONDS_MAX } from '../../domain/approval/vote.ts';
import { type Capability, offered } from '../../domain/playbook/catalogue.ts';
import type { Reference } from '../../domain/playbook/expression.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import {
  type ActionStep,
  type ApprovalStep,
  type Arguments,
  EFFECTS,
  type WorkflowStep,
} from '../../domain/playbook/plan.ts';
import type { FieldPath } from '../problem.ts';
import type { Context } from './context.ts';
import type { ApprovalInForce, Scope } from './scope.ts';

/** Whether today's committee can give this approval, and for what; gives what is certain once it is given. */
export function checkApproval(step: ApprovalStep, path: FieldPath, scope: Scope, at: Context): Scope {
  const { class: decision, covers, quorum, question, escalate } = step.approval;
  const place = [...path, 'approval'];
  at.argument(question, 'text', at.names(scope), [...place, 'question']);
  if (escalate !== undefined) {
    at.channels(escalate.channels, [...place, 'escalate', 'channels']);
    if (escalate.afterMs >= step.timeoutMs)
      at.say('input.playbook-structure', [...place, 'escalate', 'after'], 'escalates after the approval has expired');
  }
  checkQuorum(decision, quorum, place, at);
  const known = everyStep(at.plan.steps);
  if (step.timeoutMs > VOTE_SECONDS_MAX * 1_000)
    at.say('input.playbook-structure', [...path, 'timeout'], 'is longer than a vote may live: 7d');
  for (const [index, id] of covers.entries()) {
    if (covers.indexOf(id) < index)
      at.say('input.playbook-structure', [...place, 'covers', index], `\`${id}\` is covered twice`);
    const covered = known.find((each) => each.id === id);
    if (covered === undefined)
      at.say('input.playbook-structure', [...place, 'covers', index], `no step is called \`${id}\``);
    else if (!('with' in covered) || 'probe' in covered)
      at.say('input.playbook-structure', [...place, 'covers', index], `\`${id}\` has no effect that could be approved`);
  }
  const given: ApprovalInForce = {
    id: step.id,
    covers,
    known: new Set(scope.results.keys()),
    changed: new Set(),
    loops: scope.loops,
  };
  return { ...scope, approvals: [...scope.approvals, given] };
}

function checkQuorum(decision: ActionClass, quorum: number | undefined, place: FieldPath, at: Context): void {
  if (at.committee === undefined) return;
  const { epoch, members, thresholds } = at.committee;
  const threshold = thresholds[decision];
  if (quorum !== undefined && quorum < threshold)
    at.say(
      'policy.playbook-quorum',
      [...place, 'quorum'],
      `asks for ${quorum} signatures, the threshold of ${decision} is ${threshold}`,
    );
  const need = Math.max(quorum ?? 0, threshold);
  if (need > members)
    at.say(
      'policy.playbook-quorum',
      [...place, quorum === undefined ? 'class' : 'quorum'],
      `needs ${need} signatures, the committee of epoch ${epoch} has ${members} members`,
    );
}

/** At the end of the walk: an approval that does not come before what it covers approves nothing. */
export function checkCovers(at: Context, pathOf: (id: string) => FieldPath): void {
  const ids = new Set(everyStep(at.plan.steps).map((each) => each.id));
  for (const step of everyStep(at.plan.steps)) {
    if (!('approval' in step)) continue;
    for (const [index, id] of step.approval.covers.entries())
      if (ids.has(id) && !at.honoured.has(`${step.id}/${id}`))
        at.say(
          'input.playbook-structure',
          [...pathOf(step.id), 'approval', 'covers', index],
          `covers \`${id}\`, but does not come before it on every path`,
        );
  }
}

/** Effect, undoing, retries and approval of a step that changes the world. */
export function checkEffect(
  step: ActionStep | WorkflowStep,
  capability: Capability | undefined,
  references: readonly Reference[],
  path: FieldPath,
  scope: Scope,
  at: Context,
): void {
  const name = 'action' in step ? step.action : step.workflow;
  const inside = (field: string): FieldPath => [...path, field];
  if (capability !== undefined && EFFECTS.indexOf(step.effect) < EFFECTS.indexOf(capability.effect))
    at.say('input.playbook-effect', inside('effect'), `is ${step.effect}, but ${name} is ${capability.effect}`);
  if (step.effect === 'reversible' && step.compensate === undefined)
    at.say(
      'input.playbook-effect',
      path,
      `\`${step.id}\` is reversible but nothing undoes it: \`compensate\` is missing`,
    );
  if (step.effect !== 'reversible' && step.compensate !== undefined)
    at.say('input.playbook-effect', inside('compensate'), `a step whose effect is ${step.effect} has nothing to undo`);
  if (step.effect === 'irreversible' && step.retry.attempts > 1 && capability?.idempotent === false)
    at.say(
      'input.playbook-effect',
      inside('retry'),
      `${name} is irreversible and not idempotent: it may be tried once`,
    );
  if (step.heartbeatMs !== undefined && step.heartbeatMs >= step.timeoutMs)
    at.say('input.playbook-structure', inside('heartbeat'), 'is not shorter than the timeout of the step');
  checkCompensation(step, capability, path, scope, at);
  const covering = checkCovered(step, references, path, scope, at);
  if (step.effect === 'irreversible' && covering === 0)
    at.say('policy.playbook-approval', path, `\`${step.id}\` cannot be undone, and ${whyUncovered(step.id, scope)}`);
}

/**
 * Counts the approvals in force. Members sign values, or the named result of a covered step before it; whatever else an argument is made
 * of has to be fixed when they sign, or they would sign something else than is done.
 */
export function checkCovered(
  step: { readonly id: string; readonly with: Arguments },
  references: readonly Reference[],
  path: FieldPath,
  scope: Scope,
  at: Context,
): number {
  const covering = scope.approvals.filter(({ covers, loops }) => covers.includes(step.id) && loops === scope.loops);
  for (const approval of covering) {
    at.honoured.add(`${approval.id}/${step.id}`);
    const earlier = approval.covers.slice(0, approval.covers.indexOf(step.id));
    for (const reference of references.flatMap((each) => throughItems(each, scope))) {
      const [root, name = ''] = reference;
      const text = reference.join('.');
      if (root === 'vars' && approval.changed.has(name)) unfixed(text, approval.id);
      if (root !== 'steps' || approval.known.has(name)) continue;
      if (!earlier.includes(name)) unfixed(text, approval.id);
      else if (!Object.values(step.with).some((argument) => 'cel' in argument && argument.cel === text))
        at.say(
          'policy.playbook-approval',
          [...path, 'with'],
          `\`${text}\` is made by a covered step: it can be signed only as an argument of its own, not as a part of one`,
        );
    }
  }
  return covering.length;

  function unfixed(text: string, approval: string): void {
    at.say(
      'policy.playbook-approval',
      [...path, 'with'],
      `\`${text}\` is not fixed when \`${approval}\` is signed; cover the step that makes it before this one, or ask later`,
    );
  }
}

const throughItems = (reference: Reference, scope: Scope): readonly Reference[] =>
  scope.items.get(reference[0] ?? '')?.references ?? [reference];

function whyUncovered(id: string, scope: Scope): string {
  const outside = scope.approvals.find((approval) => approval.covers.includes(id));
  if (outside !== undefined)
    return `\`${outside.id}\` stands outside its loop: one approval would cover many executions`;
  const others = scope.approvals.map((approval) => `\`${approval.id}\``).join(', ');
  return others === '' ? 'no approval comes before it on every path' : `${others} before it does not cover it`;
}

function checkCompensation(
  step: ActionStep | WorkflowStep,
  capability: Capability | undefined,
  path: FieldPath,
  scope: Scope,
  at: Context,
): void {
  if (step.compensate === undefined) return;
  const place = [...path, 'compensate'];
  const undoing = offered(at.catalogue.actions, step.compensate.action);
  if (undoing === undefined)
    return at.say('input.playbook-capability', [...place, 'action'], `no action is called ${step.compensate.action}`);
  if (undoing.effect === 'irreversible')
    at.say('input.playbook-effect', [...place, 'action'], `${step.compensate.action} is itself irreversible`);
  const names = at.names(scope, capability?.results ?? 'anything');
  at.arguments(step.compensate.with, undoing.arguments, step.compensate.action, names, [...place, 'with']);
}
