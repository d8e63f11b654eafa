import { z } from 'zod';
import { EXPRESSION_CHARACTERS_MAX } from '../../domain/playbook/expression.ts';
import { SCALAR_TYPES, TEXT_CHARACTERS_MAX, VALUE_TYPES } from '../../domain/playbook/value.ts';

/** The small parts that playbook fields are made of, each with what an editor shows. */
export const NAME = /^[a-z][A-Za-z0-9]{0,39}$/;
export const name = z
  .string()
  .regex(NAME, 'must be a name like newKey: a small letter, then letters and digits, at most 40');
/** `custody.freeze`, `generateKey`, `suspected-share-theft`. */
export const dottedName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]*([.-][A-Za-z0-9]+){0,5}$/, 'must be a name like custody.freeze')
  .max(80);
export const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\n]*$/, 'must be one line');
export const prose = z.string().min(1).max(TEXT_CHARACTERS_MAX);
export const expression = z
  .string()
  .min(1)
  .max(EXPRESSION_CHARACTERS_MAX)
  .describe('a condition or value in CEL over inputs, vars, steps, alert and incident');
export const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, 'must be a duration such as 90s, 15m, 24h or 7d')
  .describe('90s, 15m, 24h or 7d; at most 90d');
/** The input that a time is taken from. */
export const TIME_INPUT = /^\$\{inputs\.([a-z][A-Za-z0-9]{0,39})\}$/;
export const time = z
  .string()
  .regex(
    /^([1-9][0-9]{0,8}(ms|s|m|h|d)|\$\{inputs\.[a-z][A-Za-z0-9]{0,39}\})$/,
    'must be a duration such as 90s, 15m, 24h or 7d, or an input: ${inputs.holdFor}',
  )
  .describe('90s, 15m, 24h or 7d, at most 90d; or the input of type duration that says it: ${inputs.holdFor}');
export const scalarType = z.enum(SCALAR_TYPES);
export const valueType = z.enum(VALUE_TYPES);
const scalar = z.union([z.string().max(TEXT_CHARACTERS_MAX), z.int(), z.boolean()]);
export const fixed = z.union([scalar, z.array(scalar).max(128)]);
export const argument = fixed.describe(
  'a fixed value, ${an expression}, or a text with ${expressions} in it; $${ is a plain ${',
);
export const withArguments = z.record(name, argument).optional().describe('the arguments by name');

/** A map with a bounded number of entries. */
export const few = <Value extends z.ZodType>(value: Value, most = 40): z.ZodRecord<typeof name, Value> =>
  z
    .record(name, value)
    .refine((entries) => Object.keys(entries).length <= most, `may hold at most ${most} entries`) as z.ZodRecord<
    typeof name,
    Value
  >;
