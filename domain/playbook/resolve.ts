import { FirebreakFailure } from '../errors/failure.ts';
import { evaluateExpression } from './expression.ts';
import type { Argument, Arguments } from './plan.ts';
import { type PlanValue, TEXT_CHARACTERS_MAX } from './value.ts';

/** What expressions may read where a step stands: `inputs`, `vars`, `steps`, `alert`, `incident`, items of loops, `result`. */
export type Values = Readonly<Record<string, unknown>>;

/** The value of one argument now. Throws `input.playbook-expression` when the data does not allow it. */
export function resolveArgument(argument: Argument, values: Values): PlanValue {
  if ('literal' in argument) return argument.literal;
  if ('cel' in argument) return evaluateExpression(argument.cel, values);
  const text = argument.text
    .map((part) => (typeof part === 'string' ? part : String(evaluateExpression(part.cel, values))))
    .join('');
  if (text.length <= TEXT_CHARACTERS_MAX) return text;
  throw new FirebreakFailure(
    'input.playbook-expression',
    `a text became longer than ${TEXT_CHARACTERS_MAX} characters`,
  );
}

export const resolveArguments = (given: Arguments, values: Values): Readonly<Record<string, PlanValue>> =>
  Object.fromEntries(Object.entries(given).map(([name, argument]) => [name, resolveArgument(argument, values)]));
