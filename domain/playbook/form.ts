import { inertText } from '../alert/text.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { findsPattern } from './pattern.ts';
import type { FormField } from './plan.ts';
import { isOfType, type PlanValue, shapeOf } from './value.ts';

export type Answers = Readonly<Record<string, PlanValue>>;

/** Whether a person filled the form in as its author allowed: every field, nothing else, each with a permitted value. */
export function judgeAnswers(
  form: Readonly<Record<string, FormField>>,
  answers: Readonly<Record<string, unknown>>,
): Verdict<Answers, 'input.task-answer'> {
  const stranger = Object.keys(answers).find((name) => !Object.hasOwn(form, name));
  if (stranger !== undefined) return refuse('input.task-answer', `the form has no field ${stranger.slice(0, 60)}`);
  const given: [string, PlanValue][] = [];
  for (const [name, field] of Object.entries(form)) {
    const value = Object.hasOwn(answers, name) ? answers[name] : undefined;
    if (value === undefined)
      return refuse('input.task-answer', `${name} is missing: ${shapeOf(field.type)}, ${inertText(field.label, 100)}`);
    if (!isOfType(value, field.type)) return refuse('input.task-answer', `${name} is not ${shapeOf(field.type)}`);
    const breach = breachOf(field, value);
    if (breach !== undefined) return refuse('input.task-answer', `${name} ${breach}`);
    given.push([name, value]);
  }
  return accept(Object.fromEntries(given));
}

function breachOf({ options, pattern, minimum, maximum }: FormField, value: PlanValue): string | undefined {
  if (typeof value === 'string') {
    if (options !== undefined && !options.includes(value)) return `is none of ${options.join(', ')}`;
    if (pattern !== undefined && !findsPattern(`^(?:${pattern})$`, value)) return `does not match ${pattern}`;
  }
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) return `is below ${minimum}`;
    if (maximum !== undefined && value > maximum) return `is above ${maximum}`;
  }
  return undefined;
}
