import { z } from 'zod';
import { refuse, type Verdict } from '../../domain/errors/failure.ts';

/** More alerts in one delivery are refused as a whole: their sender is told to send smaller groups. */
export const ALERTS_MAX = 500;
export const LABELS_READ_MAX = 256;

/** RFC 3339, as Unix milliseconds; from 2000 to 2100, because a zero time means "not yet". */
export const instant = () =>
  z
    .string()
    .max(40)
    .regex(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/,
      'must be a time such as 2026-11-24T20:15:00Z',
    );
export const millisecondsOf = (text: string): number => Date.parse(text);

/** Sender's names of alerts: short and printable, because they go into the name of an execution's digest. */
export const fingerprint = () => z.string().regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 printable characters');
export const labels = () =>
  z
    .record(z.string().max(1_024), z.string().max(65_536))
    .refine((value) => Object.keys(value).length <= LABELS_READ_MAX, `at most ${LABELS_READ_MAX} labels`);

/** Bytes to a typed body; `input.alert-body` says which field is wrong and never repeats what stood there. */
export function readBody<T>(bytes: Uint8Array, schema: z.ZodType<T>): Verdict<T, 'input.alert-body'> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse('input.alert-body', 'the body is not JSON in UTF-8');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.').slice(0, 100) || 'the body';
  return refuse('input.alert-body', `${field}: ${said(issue)}`);
}

/** Zod quotes unknown keys; a key of a stranger's body is not repeated. */
const said = (issue: z.core.$ZodIssue | undefined): string =>
  issue?.code === 'unrecognized_keys' ? 'has fields that do not belong here' : (issue?.message ?? 'is not valid');
