import { z } from 'zod';
import { SEVERITIES } from '../../domain/playbook/plan.ts';
import { dottedName, duration, expression, few, fixed, line, name, prose, valueType, withArguments } from './fields.ts';
import { steps } from './steps.ts';

const labelText = z.string().min(1).max(200);
const trigger = z.strictObject({
  labels: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/),
      z.union([labelText, z.strictObject({ matches: labelText })]),
    )
    .refine((labels) => Object.keys(labels).length >= 1 && Object.keys(labels).length <= 20, 'must hold 1 to 20 labels')
    .describe('all must hold; matches is RE2 over the whole label'),
  severity: z.array(labelText).min(1).max(10).optional(),
  network: z.array(labelText).min(1).max(10).optional(),
  inputs: few(expression).optional().describe('inputs taken from the alert: name to CEL over alert'),
});
const input = z.strictObject({ type: valueType, summary: line, default: fixed.optional() });
const variable = z.strictObject({ type: valueType, initial: fixed.optional() });
const guard = z.strictObject({
  id: name,
  summary: line,
  probe: dottedName,
  with: withArguments,
  expect: expression.describe('over result'),
  every: duration,
  onBreach: z.enum(['abort', 'page']),
});

/** A playbook as its author writes it: the published JSON Schema is made of this. */
export const playbookDocument = z.strictObject({
  playbook: z.literal(1).describe('the version of the language'),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words of small letters joined by hyphens')
    .max(60),
  title: line,
  summary: prose.describe('what it is for, when it is the wrong one'),
  severity: z.enum(SEVERITIES).describe('of the incident that it opens'),
  triggers: z.array(trigger).max(20).optional(),
  inputs: few(input).optional(),
  variables: few(variable).optional(),
  guards: z.array(guard).max(10).optional().describe('probes beside the run'),
  onFailure: z.enum(['undo', 'stop']).optional().describe('undo (default): compensate finished steps in reverse'),
  steps,
});
export type SourceDocument = z.infer<typeof playbookDocument>;

/** For editors; draft 2020-12. */
export function playbookJsonSchema(): Record<string, unknown> {
  return {
    $id: 'https://firebreak.invalid/playbook/1',
    title: 'Firebreak playbook',
    ...z.toJSONSchema(playbookDocument, { io: 'input', unrepresentable: 'any', reused: 'inline' }),
  };
}
