import { z } from 'zod';
import { accept, type Verdict } from '../../../domain/errors/failure.ts';
import type { AlertReport } from '../../../domain/ports/alert-source.ts';
import { ALERTS_MAX, fingerprint, instant, labels, millisecondsOf, readBody } from '../body.ts';

/** Our own form, for whatever can sign a request. Strict: a misspelt field is refused and not overlooked. */
export const signedWebhookPayload = z.strictObject({
  version: z.literal(1, 'must be 1'),
  alerts: z
    .array(
      z.strictObject({
        id: fingerprint().describe('the sender’s name of the alert, equal for every delivery about it'),
        status: z.enum(['firing', 'resolved']),
        startedAt: instant().describe('when it first fired; another time is another alert'),
        name: z.string().min(1).max(1_024),
        severity: z.string().max(256),
        network: z.string().max(256).optional(),
        summary: z.string().max(65_536).default(''),
        labels: labels().default({}),
      }),
    )
    .max(ALERTS_MAX, `at most ${ALERTS_MAX} alerts in one delivery`),
});

export function parseSignedWebhook(body: Uint8Array): Verdict<AlertReport> {
  const read = readBody(body, signedWebhookPayload);
  if (!read.ok) return read;
  const alerts = read.value.alerts.map(({ id, startedAt, network, name, severity, labels: given, ...rest }) => ({
    ...rest,
    name,
    severity,
    fingerprint: id,
    startedAtMs: millisecondsOf(startedAt),
    ...(network === undefined ? {} : { network }),
    // The same names that Alertmanager's labels have, so that one trigger fits both.
    labels: { ...given, alertname: name, severity },
  }));
  return accept({ alerts, leftOut: 0 });
}
