import { checkPattern } from '../../domain/playbook/pattern.ts';
import type { FormField, TaskStep } from '../../domain/playbook/plan.ts';
import type { ValueType } from '../../domain/playbook/value.ts';
import type { FieldPath } from '../problem.ts';
import type { Context } from './context.ts';
import type { Scope } from './scope.ts';

/** The answers of a form, as the results of its step. */
export const formResults = (step: TaskStep): Readonly<Record<string, ValueType>> =>
  Object.fromEntries(Object.entries(step.task.form).map(([name, { type }]) => [name, type]));

export function checkForm(step: TaskStep, path: FieldPath, scope: Scope, at: Context): void {
  const place = [...path, 'task'];
  at.argument(step.task.instruction, 'text', at.names(scope), [...place, 'instruction']);
  for (const [name, field] of Object.entries(step.task.form)) checkField(field, [...place, 'form', name], at);
}

function checkField({ type, options, pattern, minimum, maximum }: FormField, path: FieldPath, at: Context): void {
  const foreign = (field: string, types: string): void =>
    at.say('input.playbook-structure', [...path, field], `belongs to ${types}, not to ${type}`);
  if (options !== undefined && type !== 'text') foreign('options', 'text');
  if (pattern !== undefined) {
    const verdict = checkPattern(pattern);
    if (type !== 'text') foreign('pattern', 'text');
    else if (!verdict.ok) at.say(verdict.refusal.code, [...path, 'pattern'], verdict.refusal.message);
  }
  if (minimum !== undefined && type !== 'int') foreign('minimum', 'int');
  if (maximum !== undefined && type !== 'int') foreign('maximum', 'int');
  if (minimum !== undefined && maximum !== undefined && minimum > maximum)
    at.say('input.playbook-structure', [...path, 'minimum'], 'is above the maximum: no answer fits');
}
