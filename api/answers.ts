import { z } from 'zod';
import type { FailureCode } from '../domain/errors/failure.ts';
import { INCIDENT_PHASES } from '../domain/incident/standing.ts';
import { ROLES, SEVERITIES } from '../domain/playbook/plan.ts';

/** What the api says; the published OpenAPI document is made from these. */
export const recordedAnswer = z.object({
  recorded: z
    .array(
      z.object({
        id: z.string().describe('name of the execution that holds the alert: `firebreak alert show <id>`'),
        state: z.enum(['heard', 'over']).describe('`over`: the alert had ended before, and nothing was opened'),
      }),
    )
    .describe('in the order of the delivery; empty when it held nothing to record'),
});
export const refusedAnswer = z.object({
  error: z.object({
    code: z.string().describe('see errors.md'),
    message: z.string(),
  }),
});
const atMs = z.number().describe('Unix milliseconds');
const holder = z.object({ name: z.string(), sinceMs: atMs, by: z.string().describe('who handed it over') });
/** `Standing` of domain/incident, which is what every reader of an incident is shown. */
const standingAnswer = z.object({
  version: z.literal(1),
  id: z.string(),
  title: z.string(),
  severity: z.enum(SEVERITIES),
  phase: z.enum(INCIDENT_PHASES),
  playbook: z.string(),
  openedAtMs: atMs,
  roles: z.partialRecord(z.enum(ROLES), holder),
  happened: z.array(z.object({ atMs, by: z.string(), text: z.string() })).describe('the newest lines, newest last'),
  running: z.array(z.object({ run: z.string(), step: z.string(), sinceMs: atMs })),
  next: z
    .array(z.object({ role: z.string(), what: z.string(), untilMs: atMs.nullable() }))
    .describe('who must act, the most urgent first'),
  alerts: z.object({ firing: z.number(), resolved: z.number() }),
  frozenUntilMs: atMs.nullable(),
  nextWordDueMs: atMs.nullable(),
});
export const incidentAnswer = z.object({
  id: z.string(),
  status: z.string().describe('of its execution: running, completed, terminated, …'),
  standing: standingAnswer.nullable().describe('null: it wrote nothing that this build can read'),
  lines: z.array(z.string()).describe('the same in words, as `firebreak incident show` prints it'),
});
export const incidentsAnswer = z.object({ incidents: z.array(incidentAnswer).describe('newest first') });
export const healthAnswer = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()),
  heartbeats: z
    .record(z.string(), z.number())
    .describe('by source, Unix milliseconds at which its always-firing alert came last; since this process runs'),
});

/** Every answer that is no 200, with when it is given. Senders repeat 429 and 5xx; what a repeat cannot mend is another 4xx. */
export const REFUSALS = {
  400: 'The body is not what this kind of source sends.',
  401: 'The credential is missing, wrong or too old. Nothing was looked into.',
  404: 'There is no such source, incident or path.',
  408: 'The request was not complete in time.',
  413: 'The body is too large.',
  415: 'The body is neither JSON nor unnamed.',
  429: 'Too many deliveries; Retry-After says when to try again.',
  500: 'A mistake of ours. Nothing is claimed about the alerts; try again.',
  503: 'The alerts could not be made durable; Retry-After says when to try again.',
} as const;
export type RefusedStatus = keyof typeof REFUSALS;

const STATUS: Readonly<Record<string, RefusedStatus>> = {
  'input.alert-body': 400,
  'policy.alert-unauthenticated': 401,
  'policy.alert-replayed': 401,
  'input.alert-source': 404,
  'input.incident-unknown': 404,
  'policy.reader-unauthenticated': 401,
  'input.alert-size': 413,
  'policy.alert-rate': 429,
  'unavailable.alert-store': 503,
};
/** A code that nobody gave a status is our mistake, and never a yes. */
export const statusOf = (code: FailureCode): RefusedStatus => STATUS[code] ?? 500;
