import { z } from 'zod';
import { accept, type Verdict } from '../../../domain/errors/failure.ts';
import type { ReportedAlert } from '../../../domain/alert/alert.ts';
import type { AlertReport } from '../../../domain/ports/alert-source.ts';
import { ALERTS_MAX, fingerprint, instant, labels, millisecondsOf, readBody } from '../body.ts';

/**
 * Alertmanager webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config): the fields that are
 * used, and only those. Newer senders add fields, so others are let through and not looked at.
 */
export const alertmanagerPayload = z.object({
  version: z.literal('4', 'must be "4"'),
  groupKey: z.string().max(10_000),
  truncatedAlerts: z.int().min(0).max(1_000_000).default(0),
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels: labels(),
        annotations: labels().default({}),
        startsAt: instant(),
        fingerprint: fingerprint(),
      }),
    )
    .max(ALERTS_MAX, `at most ${ALERTS_MAX} alerts in one delivery; set max_alerts of the receiver`),
});
type AlertmanagerAlert = z.infer<typeof alertmanagerPayload>['alerts'][number];

export function parseAlertmanager(body: Uint8Array): Verdict<AlertReport> {
  const read = readBody(body, alertmanagerPayload);
  if (!read.ok) return read;
  return accept({ alerts: read.value.alerts.map(alertOf), leftOut: read.value.truncatedAlerts });
}

function alertOf({
  status,
  labels: given,
  annotations,
  startsAt,
  fingerprint: print,
}: AlertmanagerAlert): ReportedAlert {
  const network = given['network'];
  return {
    status,
    fingerprint: print,
    startedAtMs: millisecondsOf(startsAt),
    name: given['alertname'] ?? '',
    severity: given['severity'] ?? '',
    ...(network === undefined ? {} : { network }),
    summary: annotations['summary'] ?? annotations['description'] ?? '',
    labels: given,
  };
}
