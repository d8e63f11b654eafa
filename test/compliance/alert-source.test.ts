import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ReportedAlert } from '../../domain/alert/alert.ts';
import type { AlertSource } from '../../domain/ports/alert-source.ts';
import { plugin as alertmanager } from '../../plugins/alert-source/alertmanager/index.ts';
import { memory } from '../../plugins/alert-source/memory/index.ts';
import { plugin as pagerduty } from '../../plugins/alert-source/pagerduty/index.ts';
import { hmacHex } from '../../plugins/alert-source/secret.ts';
import { plugin as signedWebhook } from '../../plugins/alert-source/signed-webhook/index.ts';
import {
  SIGNATURE_HEADER,
  signatureOf,
  TIMESTAMP_HEADER,
} from '../../plugins/alert-source/signed-webhook/signature.ts';
import { alertSourceCompliance, type AlertSourceUnderTest } from '../../plugins/testkit/alert-source.ts';

const SECRET = 'a secret of more than sixteen characters'.replaceAll(' ', '-');
const bytes = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));
const time = (ms: number): string => new Date(ms).toISOString();

type Under = Omit<AlertSourceUnderTest, 'source' | 'unstarted' | 'dispose'>;

/** A source whose secret lies in a file of its own, made twice: one of them is never started. */
const withSecret = (make: (file: string) => AlertSource, under: Under) => async (): Promise<AlertSourceUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-alert-source-'));
  const file = join(folder, 'secret');
  writeFileSync(file, `${SECRET}\n`, { mode: 0o400 });
  const source = make(file);
  await source.start?.(new AbortController().signal);
  const dispose = async (): Promise<void> => rmSync(folder, { recursive: true, force: true });
  return { source, unstarted: make(file), dispose, ...under };
};
const where = { file: join(tmpdir(), 'api.toml'), lineOf: () => 7 };
const kit = { test, expect };

alertSourceCompliance('alert-source/memory', kit, async () => ({
  source: memory({ password: SECRET })(),
  deliver: (alert, receivedAtMs) => ({ headers: { 'x-password': SECRET }, body: bytes([alert]), receivedAtMs }),
  dispose: async () => undefined,
}));

const grouped = ({ status, fingerprint, startedAtMs, summary, labels }: ReportedAlert) => ({
  version: '4',
  groupKey: '{}:{alertname="x"}',
  truncatedAlerts: 0,
  status,
  receiver: 'firebreak',
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://127.0.0.1:9093',
  alerts: [
    {
      status,
      labels,
      annotations: { summary },
      startsAt: time(startedAtMs),
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint,
    },
  ],
});
alertSourceCompliance(
  'alert-source/alertmanager',
  kit,
  withSecret((secret_file) => alertmanager.create(alertmanager.parse({ secret_file }, where))({}), {
    deliver: (alert, receivedAtMs) => ({
      headers: { authorization: `Bearer ${SECRET}` },
      body: bytes(grouped(alert)),
      receivedAtMs,
    }),
  }),
);

const event = ({ status, fingerprint, startedAtMs, name }: ReportedAlert, atMs: number) => ({
  event: {
    id: '01DEN4HPBQAAAG05V3YFAHKE3S',
    event_type: status === 'firing' ? 'incident.triggered' : 'incident.resolved',
    resource_type: 'incident',
    occurred_at: time(atMs),
    agent: null,
    data: {
      id: fingerprint,
      type: 'incident',
      number: 2,
      status: status === 'firing' ? 'triggered' : 'resolved',
      created_at: time(startedAtMs),
      title: name,
      urgency: 'high',
      service: { id: 'PF9KMXH', summary: 'custody', type: 'service_reference' },
      priority: null,
    },
  },
});
alertSourceCompliance(
  'alert-source/pagerduty',
  kit,
  withSecret((secret_file) => pagerduty.create(pagerduty.parse({ secret_file }, where))({}), {
    signed: true,
    deliver: (alert, receivedAtMs) => {
      const body = bytes(event(alert, receivedAtMs));
      return { headers: { 'x-pagerduty-signature': `v1=${hmacHex(SECRET, body)}` }, body, receivedAtMs };
    },
  }),
);

alertSourceCompliance(
  'alert-source/signed-webhook',
  kit,
  withSecret(
    (secret_file) => signedWebhook.create(signedWebhook.parse({ secret_file, window_seconds: 60 }, where))({}),
    {
      signed: true,
      windowSeconds: 60,
      deliver: ({ startedAtMs, fingerprint: id, ...alert }, receivedAtMs) => {
        const body = bytes({ version: 1, alerts: [{ ...alert, id, startedAt: time(startedAtMs) }] });
        const seconds = Math.floor(receivedAtMs / 1_000);
        const headers = {
          [TIMESTAMP_HEADER]: String(seconds),
          [SIGNATURE_HEADER]: `v1=${signatureOf(SECRET, seconds, body)}`,
        };
        return { headers, body, receivedAtMs };
      },
    },
  ),
);
