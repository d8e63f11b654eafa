import type { z } from 'zod';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ConfigLocation } from '../domain/plugin/manifest.ts';

type Path = readonly (string | number)[];

/** `input.config` as every plug-in says it: file:line, field, remedy. The value itself is not repeated: it may be a secret in the wrong place. */
export function configFailure(where: ConfigLocation, path: Path, remedy: string): FirebreakFailure<'input.config'> {
  const line = where.lineOf(path);
  const field = path.join('.') || 'section';
  return new FirebreakFailure(
    'input.config',
    `${where.file}${line === undefined ? '' : `:${line}`}: ${field}: ${remedy}`,
    {
      file: where.file,
      field,
      ...(line === undefined ? {} : { line }),
    },
  );
}

/** Parses a plug-in's section with its schema; throws `input.config` for the first thing that is wrong. */
export function parseSection<T>(schema: z.ZodType<T>, input: unknown, where: ConfigLocation): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue?.code === 'unrecognized_keys') {
    const key = String(issue.keys[0]).slice(0, 40);
    throw configFailure(where, [...path, key], 'is not a setting of this plug-in; remove it or check its spelling');
  }
  throw configFailure(where, path, issue?.message ?? 'is not valid');
}
