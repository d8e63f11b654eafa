import { type Catalogue, type CommitteeShape, offered } from '../../domain/playbook/catalogue.ts';
import { celTypeOf } from '../../domain/playbook/expression.ts';
import { checkPattern } from '../../domain/playbook/pattern.ts';
import type { Plan, Step } from '../../domain/playbook/plan.ts';
import type { FieldPath, Finding } from '../problem.ts';
import { checkCovers } from './approval.ts';
import { Context } from './context.ts';
import { ALERT_NAMES, EMPTY_SCOPE, type Scope } from './scope.ts';
import { checkSteps } from './steps.ts';

/** Words that CEL keeps for itself: `inputs.in` would not parse. */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);
const STEPS_MAX = 200;

/**
 * Everything that a plan is refused for, whatever it was written in. Paths are those of the plan; where a front end uses other words it
 * translates them.
 */
export function checkPlan(plan: Plan, catalogue: Catalogue, committee: CommitteeShape | undefined): readonly Finding[] {
  const at = new Context(plan, catalogue, committee);
  const paths = new Map<string, FieldPath>();
  checkNames(plan, paths, at);
  checkTriggers(plan, at);
  const initial = Object.entries(plan.variables).filter(([, { initial: value }]) => value !== undefined);
  const scope: Scope = { ...EMPTY_SCOPE, assigned: new Set(initial.map(([name]) => name)) };
  checkGuards(plan, at);
  if (plan.steps.length === 0) at.say('input.playbook-structure', ['steps'], 'has no steps');
  checkSteps(plan.steps, ['steps'], scope, at);
  checkCovers(at, (id) => paths.get(id) ?? ['steps']);
  return at.findings;
}

function checkNames(plan: Plan, paths: Map<string, FieldPath>, at: Context): void {
  const free = (name: string, path: FieldPath): void => {
    if (RESERVED.has(name)) at.say('input.playbook-name', path, `\`${name}\` is a word of the expression language`);
  };
  for (const name of Object.keys(plan.inputs)) free(name, ['inputs', name]);
  for (const name of Object.keys(plan.variables)) free(name, ['variables', name]);
  const take = (id: string, path: FieldPath): void => {
    free(id, [...path, 'id']);
    if (paths.has(id)) at.say('input.playbook-name', [...path, 'id'], `another step is called \`${id}\``);
    else paths.set(id, path);
  };
  const walk = (steps: readonly Step[], path: FieldPath): void => {
    for (const [index, step] of steps.entries()) {
      const place = [...path, index];
      take(step.id, place);
      if ('task' in step) for (const name of Object.keys(step.task.form)) free(name, [...place, 'task', 'form', name]);
      if ('forEach' in step) free(step.forEach.as, [...place, 'forEach', 'as']);
      for (const [inside, field] of listsIn(step)) walk(inside, [...place, ...field]);
    }
  };
  walk(plan.steps, ['steps']);
  for (const [index, guard] of plan.guards.entries()) take(guard.id, ['guards', index]);
  if (paths.size > STEPS_MAX)
    at.say('input.playbook-unbounded', ['steps'], `has ${paths.size} steps, at most ${STEPS_MAX}; use sub-playbooks`);
}

function listsIn(step: Step): readonly (readonly [readonly Step[], FieldPath])[] {
  if ('parallel' in step)
    return Object.entries(step.parallel.branches).map(([name, steps]) => [steps, ['parallel', 'branches', name]]);
  if ('switch' in step)
    return [
      ...step.switch.cases.map((each, index) => [each.steps, ['switch', 'cases', index, 'steps']] as const),
      [step.switch.otherwise, ['switch', 'otherwise']],
    ];
  if ('repeat' in step) return [[step.repeat.steps, ['repeat', 'steps']]];
  return 'forEach' in step ? [[step.forEach.steps, ['forEach', 'steps']]] : [];
}

/** A trigger that cannot start the playbook is found now, not when the alert comes. */
function checkTriggers(plan: Plan, at: Context): void {
  for (const [index, trigger] of plan.triggers.entries()) {
    const path = ['triggers', index];
    for (const [label, test] of Object.entries(trigger.labels)) {
      const verdict = 'matches' in test ? checkPattern(test.matches) : undefined;
      if (verdict?.ok === false)
        at.say(verdict.refusal.code, [...path, 'labels', label, 'matches'], verdict.refusal.message);
    }
    for (const [name, text] of Object.entries(trigger.inputs)) {
      const input = offered(plan.inputs, name);
      if (input === undefined)
        at.say('input.playbook-unresolved', [...path, 'inputs', name], `no input is called \`${name}\``);
      else at.expression(text, celTypeOf(input.type), ALERT_NAMES, [...path, 'inputs', name]);
    }
    for (const [name, input] of Object.entries(plan.inputs))
      if (input.default === undefined && !Object.hasOwn(trigger.inputs, name))
        at.say('input.playbook-argument', path, `the trigger does not give the required input \`${name}\``);
  }
}

/** Guards run from the first step on: they know inputs and the alert, and nothing that steps make. */
function checkGuards(plan: Plan, at: Context): void {
  for (const [index, guard] of plan.guards.entries()) {
    const path = ['guards', index];
    const probe = offered(at.catalogue.probes, guard.probe);
    if (probe === undefined) {
      at.say('input.playbook-capability', [...path, 'probe'], `no probe is called ${guard.probe}`);
      continue;
    }
    at.arguments(guard.with, probe.arguments, guard.probe, at.names(EMPTY_SCOPE), [...path, 'with']);
    at.condition(guard.expect, at.names(EMPTY_SCOPE, probe.results), [...path, 'expect']);
  }
}
