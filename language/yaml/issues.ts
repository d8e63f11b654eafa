import { z } from 'zod';
import { STEP_KINDS } from '../../domain/playbook/plan.ts';
import { nearestOf } from '../nearest.ts';
import type { FieldPath, Finding } from '../problem.ts';

type Issue = z.core.$ZodIssue;
const FINDINGS_MAX = 20;

/**
 * For `safeParse`: the message about fields that are unknown becomes the names of those that are not, and the message about one that is
 * missing what it is for, which the finished issue would no longer say.
 */
export const namingFields = {
  error: ({ code, inst, input }: z.core.$ZodRawIssue): string | undefined => {
    if (code === 'unrecognized_keys' && inst !== undefined && 'shape' in inst._zod.def)
      return Object.keys(inst._zod.def.shape as object).join(' ');
    return input === undefined && inst instanceof z.core.$ZodType
      ? (z.globalRegistry.get(inst)?.description ?? '')
      : undefined;
  },
};

/** What the schema says, in the words of the author: one finding per field, about the kind of step that was meant. */
export function findingsOf(error: z.ZodError, document: unknown): readonly Finding[] {
  return error.issues.flatMap((issue) => ofIssue(issue, [], document)).slice(0, FINDINGS_MAX);
}

function ofIssue(issue: Issue, above: FieldPath, document: unknown): readonly Finding[] {
  const path = [...above, ...(issue.path as FieldPath)];
  const value = valueAt(document, path);
  switch (issue.code) {
    case 'invalid_union':
      return ofUnion(issue.errors, path, value, document);
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField([...path, key], key, issue.message.split(' ')));
    case 'invalid_key':
      return [schemaFinding(path, issue.issues[0]?.message ?? 'the name is not allowed')];
    default:
      return [
        value === undefined
          ? missing(path, issue)
          : schemaFinding(path, sentence(issue.message), remedyFor(path, issue)),
      ];
  }
}

function ofUnion(
  errors: readonly (readonly Issue[])[],
  path: FieldPath,
  value: unknown,
  document: unknown,
): readonly Finding[] {
  if (value === undefined) return [missing(path)];
  if (errors.length === STEP_KINDS.length) return ofStep(errors, path, value, document);
  const fewest = errors.reduce((best, each) => (each.length < best.length ? each : best), errors[0] ?? []);
  if (typeof value === 'object' && !Array.isArray(value))
    return fewest.flatMap((issue) => ofIssue(issue, path, document));
  return [schemaFinding(path, 'has none of the forms that are allowed here')];
}

function ofStep(
  errors: readonly (readonly Issue[])[],
  path: FieldPath,
  value: unknown,
  document: unknown,
): readonly Finding[] {
  if (typeof value !== 'object' || value === null) return [schemaFinding(path, 'is not a step')];
  const kinds = STEP_KINDS.filter((kind) => kind in value);
  const [kind, second] = kinds;
  if (kind === undefined) return [noStep(path, Object.keys(value))];
  if (second !== undefined)
    return [
      schemaFinding(
        [...path, second],
        `is several steps in one: ${kinds.join(' and ')}`,
        `Make a step of its own of \`${second}\`, with an \`id\` and a \`summary\`.`,
      ),
    ];
  return (errors[STEP_KINDS.indexOf(kind)] ?? []).flatMap((issue) => ofIssue(issue, path, document));
}

const unknownField = (path: FieldPath, key: string, known: readonly string[]): Finding => {
  const meant = nearestOf(key, known);
  const hint = meant === undefined ? `; known: ${known.join(', ')}` : `: did you mean \`${meant}\`?`;
  const remedy =
    meant === undefined
      ? `Remove \`${key}\`, or write the field that was meant: ${known.join(', ')}.`
      : `Write \`${meant}\` in place of \`${key}\`, or remove it.`;
  return schemaFinding(path, `\`${key}\` is not a field here${hint}`, remedy);
};

function noStep(path: FieldPath, keys: readonly string[]): Finding {
  const [written, meant] =
    keys.map((key) => [key, nearestOf(key, STEP_KINDS)] as const).find(([, kind]) => kind !== undefined) ?? [];
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\` by \`${written}\`?`;
  const remedy =
    meant === undefined
      ? 'Give the step one field that says what it does, such as `action`, `probe`, `task` or `approval`.'
      : `Write \`${meant}\` in place of \`${written}\`.`;
  return schemaFinding(path, `is no step: it has none of ${STEP_KINDS.join(', ')}${hint}`, remedy);
}

/** A loop without its bound has a code of its own. */
function missing(path: FieldPath, issue?: Issue): Finding {
  const [owner, field] = path.slice(-2);
  const loop = (owner === 'repeat' && field === 'times') || (owner === 'forEach' && field === 'atMost');
  return {
    code: loop ? 'input.playbook-unbounded' : 'input.playbook-schema',
    path,
    message: loop ? `the loop has no \`${field}\`` : 'is missing',
    ...(loop ? {} : { remedy: `Add ${named(path)}: ${wantedBy(issue)}.` }),
  };
}

const schemaFinding = (path: FieldPath, message: string, remedy?: string): Finding => ({
  code: 'input.playbook-schema',
  path,
  message,
  ...(remedy === undefined ? {} : { remedy }),
});

/** What it is for says more than that it is a text. */
function wantedBy(issue: Issue | undefined): string {
  const purpose = issue?.message ?? '';
  const rule = issue?.code === 'invalid_type' && issue.expected === 'string' && purpose !== '' ? '' : ruleOf(issue);
  return [rule, purpose].filter((words) => words !== '').join('; ');
}

const named = (path: FieldPath): string => (typeof path.at(-1) === 'string' ? `\`${path.at(-1)}\`` : 'it');

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'fields below it',
  record: 'names with a value each',
  array: 'a list',
};

/** What a field has to be, as its schema says it. */
function ruleOf(issue: Issue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? `a value of type ${issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `at most ${issue.maximum} ${UNITS[issue.origin] ?? ''}`.trim();
    case 'too_small':
      return `at least ${issue.minimum} ${UNITS[issue.origin] ?? ''}`.trim();
    default:
      return (
        /^(?:must be|must hold|may hold) (.+)$/.exec(issue?.message ?? '')?.[1] ??
        'what docs/playbooks/writing.md says of it'
      );
  }
}

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries', record: 'entries' };

const remedyFor = (path: FieldPath, issue: Issue): string => `Write ${named(path)} as ${ruleOf(issue)}.`;

const sentence = (text: string): string =>
  text.replace(/^Invalid (input|option|string): /, '').replace(/^Too (big|small): /, '');

function valueAt(document: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (inside, part) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, part)
        ? (inside as Record<string | number, unknown>)[part]
        : undefined,
    document,
  );
}
