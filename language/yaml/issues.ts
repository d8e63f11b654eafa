import type { z } from 'zod';
import { STEP_KINDS } from '../../domain/playbook/plan.ts';
import { nearestOf } from '../nearest.ts';
import type { FieldPath, Finding } from '../problem.ts';

type Issue = z.core.$ZodIssue;
const FINDINGS_MAX = 20;

/**
 * For `safeParse`: the message about fields that are unknown becomes the names of those that are not, which the finished issue would
 * no longer say.
 */
export const namingFields = {
  error: (issue: z.core.$ZodRawIssue): string | undefined =>
    issue.code === 'unrecognized_keys' && issue.inst !== undefined && 'shape' in issue.inst._zod.def
      ? Object.keys(issue.inst._zod.def.shape as object).join(' ')
      : undefined,
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
      return [value === undefined ? missing(path) : schemaFinding(path, sentence(issue.message))];
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
    return [schemaFinding([...path, second], `is several steps in one: ${kinds.join(' and ')}`)];
  return (errors[STEP_KINDS.indexOf(kind)] ?? []).flatMap((issue) => ofIssue(issue, path, document));
}

const unknownField = (path: FieldPath, key: string, known: readonly string[]): Finding => {
  const meant = nearestOf(key, known);
  const hint = meant === undefined ? `; known: ${known.join(', ')}` : `: did you mean \`${meant}\`?`;
  return schemaFinding(path, `\`${key}\` is not a field here${hint}`);
};

function noStep(path: FieldPath, keys: readonly string[]): Finding {
  const [written, meant] =
    keys.map((key) => [key, nearestOf(key, STEP_KINDS)] as const).find(([, kind]) => kind !== undefined) ?? [];
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\` by \`${written}\`?`;
  return schemaFinding(path, `is no step: it has none of ${STEP_KINDS.join(', ')}${hint}`);
}

/** A loop without its bound has a code of its own. */
function missing(path: FieldPath): Finding {
  const [owner, field] = path.slice(-2);
  const loop = (owner === 'repeat' && field === 'times') || (owner === 'forEach' && field === 'atMost');
  return {
    code: loop ? 'input.playbook-unbounded' : 'input.playbook-schema',
    path,
    message: loop ? `the loop has no \`${field}\`` : 'is missing',
  };
}

const schemaFinding = (path: FieldPath, message: string): Finding => ({ code: 'input.playbook-schema', path, message });

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
