import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { silentLogger } from '../../telemetry/log.ts';
import { apiToml, readerSecretFile } from '../config/write.ts';
import { type ApiConfig, loadApiConfig } from '../config.ts';
import { type ApiOptions, type RunningApi, startApi } from '../run.ts';
import { createHmac } from 'node:crypto';

export const TOKEN = 'token-of-the-tests-0123456789';
export const READER = 'reader-of-the-tests-0123456789';
export const SECRET = 'secret-of-the-tests-0123456789';
export const PLAYBOOKS = join(import.meta.dirname, '..', '..', 'playbooks');

export type ApiUnderTest = {
  readonly api: RunningApi;
  readonly config: ApiConfig;
  readonly folder: string;
  stop(): Promise<void>;
};

/** An api as `api init` writes it, with the shipped playbooks, on ports of its own. */
export async function apiUnderTest(
  change: {
    readonly temporal?: string;
    readonly blobs?: string;
    readonly limits?: Partial<ApiConfig['limits']>;
    readonly taskQueue?: string;
    readonly perMinute?: number;
    readonly inputs?: ApiConfig['playbooks']['inputs'];
    /** Folder of playbooks; those that ship when it is left out. */
    readonly playbooks?: string;
    /** What stands behind every source, instead of what `api init` writes. */
    readonly plugin?: Pick<ApiConfig['sources'][number]['plugin'], 'use' | 'settings'>;
  } = {},
  options: ApiOptions = {},
): Promise<ApiUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-api-'));
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets', 'prometheus.secret'), TOKEN, { mode: 0o400 });
  writeFileSync(join(folder, 'secrets', 'scripts.secret'), SECRET, { mode: 0o400 });
  writeFileSync(join(folder, readerSecretFile('people')), READER, { mode: 0o400 });
  const file = join(folder, 'api.toml');
  const facts = {
    network: 'laptop',
    temporal: change.temporal ?? '127.0.0.1:1',
    playbooks: change.playbooks ?? PLAYBOOKS,
    port: await loopbackPort(),
    metricsPort: await loopbackPort(),
    readers: ['people'],
    ...(change.blobs === undefined ? {} : { blobs: change.blobs }),
  };
  writeFileSync(file, apiToml(facts));
  const read = loadApiConfig(file, () => undefined);
  const config: ApiConfig = {
    ...read,
    temporal: { ...read.temporal, taskQueue: change.taskQueue ?? read.temporal.taskQueue },
    playbooks: { ...read.playbooks, inputs: change.inputs ?? read.playbooks.inputs },
    limits: { ...read.limits, ...change.limits },
    sources: read.sources.map((source) => ({
      ...source,
      plugin: { ...source.plugin, ...change.plugin },
      deliveriesPerMinute: change.perMinute ?? 100_000,
    })),
  };
  const api = await startApi(config, new AbortController().signal, { logger: silentLogger, ...options });
  const stop = async (): Promise<void> => {
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { api, config, folder, stop };
}

export type SentAlert = {
  readonly id: string;
  readonly status?: 'firing' | 'resolved';
  readonly startedAt?: string;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary?: string;
};

/** One webhook of Alertmanager. */
export const alertmanagerBody = (alerts: readonly SentAlert[]): string =>
  JSON.stringify({
    version: '4',
    groupKey: '{}',
    truncatedAlerts: 0,
    alerts: alerts.map(
      ({
        id,
        status = 'firing',
        startedAt = '2026-11-24T20:00:00Z',
        name = 'ValidatorOffline',
        labels,
        summary = '',
      }) => ({
        status,
        labels: { alertname: name, severity: 'critical', validator: '7', ...labels },
        annotations: { summary },
        startsAt: startedAt,
        fingerprint: id,
      }),
    ),
  });

export const asAlertmanager = (
  url: string,
  body: string,
  token = TOKEN,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${url}/v1/alerts/prometheus`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  });

/** One delivery in our own signed form; `signedAtMs` is what its sender's clock says. */
export function asScript(
  url: string,
  alerts: readonly SentAlert[],
  signedAtMs = Date.now(),
  secret = SECRET,
): Promise<Response> {
  const body = JSON.stringify({
    version: 1,
    alerts: alerts.map(
      ({
        id,
        status = 'firing',
        startedAt = '2026-11-24T20:00:00Z',
        name = 'ValidatorOffline',
        labels,
        summary = '',
      }) => ({
        id,
        status,
        startedAt,
        name,
        severity: 'critical',
        summary,
        labels: { validator: '7', ...labels },
      }),
    ),
  });
  const seconds = Math.floor(signedAtMs / 1_000);
  // Written out here, as a sender would: the code that verifies has no part in it.
  const signature = createHmac('sha256', secret).update(`v1:${seconds}:${body}`).digest('hex');
  return fetch(`${url}/v1/alerts/scripts`, {
    method: 'POST',
    body,
    headers: { 'firebreak-timestamp': String(seconds), 'firebreak-signature': `v1=${signature}` },
  });
}

/** A section of `api.toml` for PagerDuty; its secret is `SECRET`, and alert and validator stand in the titles of its incidents. */
export const pagerdutySection = (network: string, playbooks: readonly string[], secretFile: string): string =>
  [
    '[sources.pagerduty]',
    'use = "pagerduty"',
    `networks = ["${network}"]`,
    `playbooks = ${JSON.stringify(playbooks)}`,
    `secret_file = "${secretFile}"`,
    '[sources.pagerduty.title_labels]',
    'alertname = "] "',
    'validator = "validator-"',
  ].join('\n');

/** One webhook of PagerDuty, version 3: always one incident. */
export function asPagerduty(
  url: string,
  { id, status = 'firing', startedAt = '2026-11-24T20:00:00Z', name = 'ValidatorOffline', labels }: SentAlert,
  secret = SECRET,
): Promise<Response> {
  const body = JSON.stringify({
    event: {
      id: `event-${id}-${status}`,
      event_type: status === 'firing' ? 'incident.triggered' : 'incident.resolved',
      resource_type: 'incident',
      occurred_at: startedAt,
      data: {
        id,
        type: 'incident',
        title: `[FIRING:1] ${name} validator-${labels?.['validator'] ?? '7'}`,
        created_at: startedAt,
        urgency: 'high',
        status: status === 'firing' ? 'triggered' : 'resolved',
      },
    },
  });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return fetch(`${url}/v1/alerts/pagerduty`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-pagerduty-signature': `v1=${signature}` },
  });
}
