import { code } from './markdown.ts';

export type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
};

/** One row per leaf: dotted field, type with bounds, default, meaning. */
export function rowsOf(schema: JsonSchema, prefix = '', optionalAbove = false): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const place = prefix === '' ? name : `${prefix}.${name}`;
    const absent = optionalAbove || !(schema.required ?? []).includes(name);
    if (field.properties) return rowsOf(field, place, absent);
    const usual = field.default === undefined ? (absent ? 'optional' : '') : code(JSON.stringify(field.default));
    return [[code(place), typeOf(field), usual, field.description ?? '']];
  });
}

function typeOf(schema: JsonSchema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  if (schema.type === 'array')
    return `list of ${schema.items ? typeOf(schema.items) : 'anything'}${bounds(schema.minItems, schema.maxItems)}`;
  if (schema.type === 'object') return 'table';
  const names = typeof schema.type === 'string' ? schema.type : (schema.type ?? ['anything']).join(' or ');
  return `${names}${bounds(schema.minimum, schema.maximum)}${characters(schema)}`;
}

/** Zod bounds every integer by the safe range; that says nothing to a reader. */
function bounds(least: number | undefined, most: number | undefined): string {
  const low = least !== undefined && least > Number.MIN_SAFE_INTEGER ? least : undefined;
  const high = most !== undefined && most < Number.MAX_SAFE_INTEGER ? most : undefined;
  if (low === undefined && high === undefined) return '';
  if (high === undefined) return `, at least ${low}`;
  return low === undefined ? `, at most ${high}` : `, ${low} to ${high}`;
}

const characters = ({ minLength = 0, maxLength }: JsonSchema): string =>
  maxLength === undefined ? '' : `, ${minLength} to ${maxLength} characters`;
