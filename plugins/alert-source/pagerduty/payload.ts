import { z } from 'zod';
import { accept, type Verdict } from '../../../domain/errors/failure.ts';
import type { AlertReport } from '../../../domain/ports/alert-source.ts';
import { fingerprint, instant, millisecondsOf, readBody } from '../body.ts';

const named = z.object({ summary: z.string().max(10_000).nullish() }).nullish();

/** A webhook of version 3 (https://developer.pagerduty.com/docs/webhooks-overview): the fields that are used. */
export const pagerdutyPayload = z.object({
  event: z.object({
    id: z.string().max(256),
    event_type: z.string().max(256),
    occurred_at: instant(),
    // Events about other things than incidents have other data, and are only counted.
    data: z.looseObject({}).nullish(),
  }),
});
export const pagerdutyIncident = z.object({
  id: fingerprint(),
  created_at: instant(),
  title: z.string().max(65_536),
  urgency: z.string().max(256).nullish(),
  service: named,
  priority: named,
});
type Incident = z.infer<typeof pagerdutyIncident>;

/** Label → text that its value follows in the title. */
export type TitleLabels = Readonly<Record<string, string>>;

/** Urgency is PagerDuty's only severity that every incident has. */
const SEVERITY: Readonly<Record<string, string>> = { high: 'critical', low: 'warning' };

/**
 * A triggered incident fires, a resolved one is resolved; whatever else happens to it is not news. A reopened incident is another
 * alert, which began when it was reopened: PagerDuty keeps its id and its time of creation.
 */
export function parsePagerduty(body: Uint8Array, fromTitle: TitleLabels): Verdict<AlertReport> {
  const read = readBody(body, pagerdutyPayload);
  if (!read.ok) return read;
  const { event_type: type, occurred_at: at, data } = read.value.event;
  const status = type === 'incident.resolved' ? 'resolved' : 'firing';
  if (!['incident.triggered', 'incident.reopened', 'incident.resolved'].includes(type))
    return accept({ alerts: [], leftOut: 0 });
  const incident = readBody(new TextEncoder().encode(JSON.stringify(data ?? null)), pagerdutyIncident);
  if (!incident.ok) return incident;
  const { id, created_at: createdAt, title } = incident.value;
  const labels = labelsOf(incident.value, fromTitle);
  const alert = {
    status,
    fingerprint: id,
    startedAtMs: millisecondsOf(type === 'incident.reopened' ? at : createdAt),
    name: labels['alertname'] ?? title,
    severity: labels['severity'] ?? '',
    ...(labels['network'] === undefined ? {} : { network: labels['network'] }),
    summary: title,
    labels,
  } as const;
  return accept({ alerts: [alert], leftOut: 0 });
}

function labelsOf({ title, urgency, service, priority }: Incident, fromTitle: TitleLabels): Record<string, string> {
  const known: readonly (readonly [string, string | null | undefined])[] = [
    ['alertname', title],
    ['urgency', urgency],
    ['severity', SEVERITY[urgency ?? '']],
    ['service', service?.summary],
    ['priority', priority?.summary],
    ...Object.entries(fromTitle).map(([label, before]) => [label, wordAfter(before, title)] as const),
  ];
  return Object.fromEntries(known.filter((entry): entry is readonly [string, string] => typeof entry[1] === 'string'));
}

function wordAfter(before: string, title: string): string | undefined {
  const at = title.indexOf(before);
  return at < 0 ? undefined : /^[\w.-]+/.exec(title.slice(at + before.length))?.[0];
}
