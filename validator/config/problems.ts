import type { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import type { ValidatorConfigFailureCode } from './failures.ts';

/** One thing that is wrong: the field, and what to write instead. Never the value: it may be a secret in the wrong place. */
export type Problem = { readonly field: string; readonly remedy: string };

const PROBLEMS_SHOWN_MAX = 20;

/** Everything that is wrong in one message, each with file and line; `details` are those of the first. */
export function configFailure(
  code: ValidatorConfigFailureCode,
  problems: readonly Problem[],
  where: ConfigLocation,
): FirebreakFailure {
  const shown = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map(({ field, remedy }) => `${placeOf(where, field)}: ${field}: ${remedy}`);
  const rest = problems.length - shown.length;
  if (rest > 0) shown.push(`and ${rest} more`);
  const first = problems[0];
  const line = first === undefined ? undefined : where.lineOf(first.field.split('.'));
  return new FirebreakFailure(code, shown.join('\n'), {
    file: where.file,
    ...(first === undefined ? {} : { field: first.field, remedy: first.remedy }),
    ...(line === undefined ? {} : { line }),
  });
}

export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...path, key].join('.'),
        remedy: 'is not a setting here; remove it or check its spelling',
      }));
    }
    return [{ field: path.join('.') || '(file)', remedy: remedyOf(issue) }];
  });
}

function remedyOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `is missing; write a value of type ${issue.expected}`;
  if (issue.code === 'invalid_type') return `write a value of type ${issue.expected}`;
  if (issue.code === 'invalid_value')
    return `write one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `write ${Number(issue.maximum)} entries or fewer`;
  if (issue.code === 'too_small') return `write ${Number(issue.minimum)} or more`;
  if (issue.code === 'too_big') return `write ${Number(issue.maximum)} or less`;
  return issue.message;
}

export const placeOf = (where: ConfigLocation, field: string): string => {
  const line = where.lineOf(field.split('.'));
  return line === undefined ? where.file : `${where.file}:${line}`;
};
