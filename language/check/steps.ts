import { type Capability, offered } from '../../domain/playbook/catalogue.ts';
import { celTypeOf, checkExpression, type Reference } from '../../domain/playbook/expression.ts';
import type { Step } from '../../domain/playbook/plan.ts';
import { LIST_ITEMS_MAX, type ValueType } from '../../domain/playbook/value.ts';
import type { FieldPath } from '../problem.ts';
import { checkApproval, checkCovered, checkEffect } from './approval.ts';
import type { Context } from './context.ts';
import { checkBranches, writesOf } from './races.ts';
import { either, type Results, ROOT_NAMES, type Scope, together, withChanged } from './scope.ts';
import { checkForm, formResults } from './task.ts';

const EXECUTIONS_MAX = 10_000;
const NO_RESULTS: Results = {};

/** Walks steps in their order and gives what is certain after the last. Steps behind an end are reported once. */
export function checkSteps(steps: readonly Step[], path: FieldPath, scope: Scope, at: Context): Scope {
  let now = scope;
  let reported = false;
  for (const [index, step] of steps.entries()) {
    if (now.ended && !reported) {
      at.say(
        'input.playbook-unreachable',
        [...path, index],
        `no path leads to step \`${step.id}\`: every path before it ends`,
      );
      reported = true;
    }
    now = checkStep(step, [...path, index], { ...now, ended: false }, at, now.ended);
  }
  return now;
}

function checkStep(step: Step, path: FieldPath, before: Scope, at: Context, ended: boolean): Scope {
  if (step.when !== undefined) at.condition(step.when, at.names(before), [...path, 'when']);
  if (before.executions > EXECUTIONS_MAX)
    at.say('input.playbook-unbounded', path, `may be executed ${before.executions} times, at most ${EXECUTIONS_MAX}`);
  const { after, results } = checkKind(step, path, before, at);
  const written = Object.keys(step.set);
  for (const [name, text] of Object.entries(step.set)) {
    const variable = offered(at.plan.variables, name);
    const place = [...path, 'set', name];
    if (variable === undefined) at.say('input.playbook-unresolved', place, `no variable is called \`${name}\``);
    else at.expression(text, celTypeOf(variable.type), at.names(before, results), place);
  }
  const done: Scope = {
    ...after,
    assigned: new Set([...after.assigned, ...written]),
    results: new Map([...after.results, [step.id, results]]),
  };
  const skippable = step.when !== undefined || step.onFailure === 'continue';
  const settled = skippable ? either(before, [before, done]) : done;
  return { ...withChanged(settled, writesOf([step])), ended: ended || settled.ended };
}

type Checked = { readonly after: Scope; readonly results: Results };

function checkKind(step: Step, path: FieldPath, scope: Scope, at: Context): Checked {
  const plain = (results: Results = NO_RESULTS): Checked => ({ after: scope, results });
  const inside = (field: string): FieldPath => [...path, field];
  if ('action' in step || 'workflow' in step) {
    const [word, name] = 'action' in step ? (['action', step.action] as const) : (['workflow', step.workflow] as const);
    const capability = find(at, word, name, inside(word));
    const references = takeArguments(step.with, capability, name, inside('with'), scope, at);
    checkEffect(step, capability, references, path, scope, at);
    return plain(capability?.results ?? 'anything');
  }
  if ('probe' in step) {
    const capability = find(at, 'probe', step.probe, inside('probe'));
    takeArguments(step.with, capability, step.probe, inside('with'), scope, at);
    if (capability !== undefined && step.expect !== undefined)
      at.condition(step.expect, at.names(scope, capability.results), inside('expect'));
    if (step.hold && step.expect === undefined)
      at.say('input.playbook-structure', inside('hold'), 'looks again and again for nothing: `expect` is missing');
    for (const time of Object.values(step.hold ?? {})) at.time(time, inside('hold'));
    if (step.hold && (at.usualMs(step.hold.forMs) ?? 0) >= step.timeoutMs)
      at.say('input.playbook-structure', inside('hold'), 'looks for longer than the timeout of the step allows');
    return plain(capability?.results ?? 'anything');
  }
  if ('playbook' in step) {
    const known = offered(at.catalogue.playbooks, step.playbook);
    if (step.playbook === at.plan.name)
      at.say('input.playbook-unbounded', inside('playbook'), 'a playbook cannot run itself');
    else if (known === undefined)
      at.say('input.playbook-capability', inside('playbook'), `no playbook is called ${step.playbook}`);
    const names = at.names(scope);
    const references = known ? at.arguments(step.with, known.inputs, step.playbook, names, inside('with')) : [];
    checkCovered(step, references, path, scope, at);
    return plain();
  }
  if ('approval' in step) return { after: checkApproval(step, path, scope, at), results: NO_RESULTS };
  if ('task' in step) {
    checkForm(step, path, scope, at);
    return plain(formResults(step));
  }
  if ('wait' in step) {
    if ('until' in step.wait) at.condition(step.wait.until, at.names(scope), [...path, 'wait', 'until']);
    else if (step.wait.forMs >= step.timeoutMs)
      at.say('input.playbook-structure', inside('wait'), 'waits for longer than the timeout of the step allows');
    return plain();
  }
  if ('notify' in step) {
    at.channels(step.notify.channels, [...path, 'notify', 'channels']);
    at.argument(step.notify.message, 'text', at.names(scope), [...path, 'notify', 'message']);
    if (step.notify.confirm > new Set(step.notify.channels).size)
      at.say(
        'input.playbook-structure',
        [...path, 'notify', 'confirm'],
        'wants more confirmations than there are channels',
      );
    return plain();
  }
  if ('end' in step) {
    if (scope.beside)
      at.say(
        'input.playbook-structure',
        inside('end'),
        'the run cannot end inside a branch that runs beside others, or a loop',
      );
    return { after: { ...scope, ended: true }, results: NO_RESULTS };
  }
  return { after: checkContainer(step, path, scope, at), results: NO_RESULTS };
}

function checkContainer(
  step: Extract<Step, { parallel: unknown } | { switch: unknown } | { repeat: unknown } | { forEach: unknown }>,
  path: FieldPath,
  scope: Scope,
  at: Context,
): Scope {
  if ('parallel' in step) {
    const { join, branches } = step.parallel;
    const names = Object.keys(branches);
    const place = [...path, 'parallel'];
    if (names.length < 2) at.say('input.playbook-structure', [...place, 'branches'], 'has fewer than two branches');
    if (typeof join === 'object' && join.atLeast > names.length)
      at.say('input.playbook-structure', [...place, 'join'], `wants ${join.atLeast} of ${names.length} branches`);
    checkBranches(branches, [...place, 'branches'], at);
    const after = Object.entries(branches).map(([name, steps]) =>
      body(steps, [...place, 'branches', name], { ...scope, beside: true }, at),
    );
    const every = join === 'all' || (typeof join === 'object' && join.atLeast === names.length);
    return every ? together(scope, after) : scope;
  }
  if ('switch' in step) {
    const { cases, otherwise } = step.switch;
    for (const [index, each] of cases.entries())
      at.condition(each.when, at.names(scope), [...path, 'switch', 'cases', index, 'when']);
    const after = cases.map((each, index) => body(each.steps, [...path, 'switch', 'cases', index, 'steps'], scope, at));
    return either(scope, [...after, checkSteps(otherwise, [...path, 'switch', 'otherwise'], scope, at)]);
  }
  if ('repeat' in step) {
    const { times, until, everyMs, steps } = step.repeat;
    at.time(everyMs, [...path, 'repeat']);
    const inside = { ...scope, loops: scope.loops + 1, executions: scope.executions * times, beside: true };
    const after = body(steps, [...path, 'repeat', 'steps'], inside, at);
    at.condition(until, at.names(after), [...path, 'repeat', 'until']);
    // The last round is certain; what was approved in it is not approved for what follows.
    return { ...scope, assigned: after.assigned, results: after.results };
  }
  const { in: list, as, atMost, concurrency, steps } = step.forEach;
  const place = [...path, 'forEach'];
  if (ROOT_NAMES.has(as) || scope.items.has(as)) at.say('input.playbook-name', [...place, 'as'], `\`${as}\` is taken`);
  const { type, references } = listItem(list, [...place, 'in'], scope, at);
  if (concurrency > 1) checkBranches({ 'one round': steps, 'another round': steps }, [...place, 'steps'], at);
  const inside: Scope = {
    ...scope,
    items: new Map([...scope.items, [as, { type, references }]]),
    loops: scope.loops + 1,
    executions: scope.executions * Math.min(atMost, LIST_ITEMS_MAX),
    beside: true,
  };
  body(steps, [...place, 'steps'], inside, at);
  return scope;
}

function body(steps: readonly Step[], path: FieldPath, scope: Scope, at: Context): Scope {
  if (steps.length === 0) at.say('input.playbook-structure', path, 'has no steps');
  return checkSteps(steps, path, scope, at);
}

const CEL_ITEMS: Readonly<Record<string, ValueType>> = { 'list<string>': 'text', 'list<int>': 'int' };

function listItem(
  text: string,
  path: FieldPath,
  scope: Scope,
  at: Context,
): { type: ValueType; references: readonly Reference[] } {
  const checked = checkExpression(text, at.names(scope));
  const type = checked.ok ? CEL_ITEMS[checked.type] : undefined;
  const references =
    checked.ok && type !== undefined
      ? checked.references
      : at.expression(text, 'list<int> or list<string>', at.names(scope), path);
  return { type: type ?? 'int', references };
}

function find(
  at: Context,
  word: 'action' | 'workflow' | 'probe',
  name: string,
  path: FieldPath,
): Capability | undefined {
  const list = { action: at.catalogue.actions, workflow: at.catalogue.workflows, probe: at.catalogue.probes }[word];
  const capability = offered(list, name);
  if (capability === undefined)
    at.say(
      'input.playbook-capability',
      path,
      `no ${word} is called ${name}; there are: ${Object.keys(list).sort().join(', ') || 'none'}`,
    );
  return capability;
}

function takeArguments(
  given: Extract<Step, { with: unknown }>['with'],
  capability: Capability | undefined,
  name: string,
  path: FieldPath,
  scope: Scope,
  at: Context,
): readonly Reference[] {
  return capability === undefined ? [] : at.arguments(given, capability.arguments, name, at.names(scope), path);
}
