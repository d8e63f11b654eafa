import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validatorName } from '../../domain/network/network.ts';
import { type Layout, NETWORK_NAME, validatorIds, WORKER_COUNT } from '../layout.ts';
import { LOOPBACK, type PortPlan } from '../ports.ts';
import { secretFile } from '../receivers/secrets.ts';

/** A demonstration waits for each of these; a real installation has time for 15 s. */
const SCRAPE = '1s';
const EVALUATION = '1s';
const GROUP_WAIT = '1s';
const GROUP_INTERVAL = '2s';
const HEARTBEAT = '1m';

const RULES = fileURLToPath(new URL('../../ops/alerts', import.meta.url));

/** Settings of Prometheus and Alertmanager, as JSON, which is YAML too. Written at each start: ports may have moved. */
export function writeMonitoringSettings(layout: Layout, ports: PortPlan): void {
  write(layout.prometheus.config, prometheusSettings(ports));
  write(layout.alertmanager.config, alertmanagerSettings(layout, ports));
}

/** Every validator, worker, the api and the watchdog, with the alert rules that ship. */
export function prometheusSettings(ports: PortPlan) {
  const target = (port: number, labels: Record<string, string> = {}) => ({ targets: [`${LOOPBACK}:${port}`], labels });
  const workers = Array.from({ length: WORKER_COUNT }, (_unused, index) => target(ports.workerMetrics(index + 1)));
  return {
    global: {
      scrape_interval: SCRAPE,
      scrape_timeout: SCRAPE,
      evaluation_interval: EVALUATION,
      external_labels: { network: NETWORK_NAME },
    },
    rule_files: ruleFiles(),
    alerting: { alertmanagers: [{ static_configs: [target(ports.alertmanager)] }] },
    scrape_configs: [
      {
        job_name: 'firebreak-validator',
        honor_labels: true,
        static_configs: validatorIds().map((id) => target(ports.health(id), { validator_id: validatorName(id) })),
      },
      { job_name: 'firebreak-worker', static_configs: workers },
      { job_name: 'firebreak-api', static_configs: [target(ports.alertsMetrics)] },
      { job_name: 'firebreak-watchdog', static_configs: [target(ports.watchdog)] },
    ],
  };
}

const ruleFiles = (): readonly string[] =>
  readdirSync(RULES)
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .map((name) => join(RULES, name));

/** Every alert goes to Firebreak, each on its own, so that none waits for another; what pages without it is routed as in ops/prometheus. */
export function alertmanagerSettings(layout: Layout, ports: PortPlan) {
  return {
    route: {
      receiver: 'firebreak',
      group_by: ['...'],
      group_wait: GROUP_WAIT,
      group_interval: GROUP_INTERVAL,
      repeat_interval: '1h',
      // The watchdog counts the minutes since this one came last.
      routes: [
        {
          matchers: ['alertname = "Watchdog"'],
          receiver: 'firebreak',
          group_interval: HEARTBEAT,
          repeat_interval: HEARTBEAT,
        },
        { matchers: ['severity = "critical"', 'answered_by = ""'], receiver: 'on-call', continue: true },
        { receiver: 'firebreak' },
      ],
    },
    receivers: [
      {
        name: 'firebreak',
        webhook_configs: [
          {
            url: `http://${LOOPBACK}:${ports.alerts}/v1/alerts/prometheus`,
            send_resolved: true,
            max_alerts: 0,
            http_config: { authorization: { credentials_file: layout.alerts.secret('prometheus') } },
          },
        ],
      },
      {
        name: 'on-call',
        pagerduty_configs: [
          {
            url: `http://${LOOPBACK}:${ports.receivers['on-call']}/v2/enqueue`,
            routing_key_file: secretFile(layout.receivers.dir, 'on-call'),
            severity: 'critical',
            description: '{{ .CommonLabels.priority }} {{ .CommonAnnotations.title }}',
            // In quotes, because Alertmanager reads it as YAML once it is filled in, and a colon would make a map of it.
            details: { text: '"{{ with .CommonAnnotations }}{{ .summary }}. {{ .action }}. {{ .runbook }}{{ end }}"' },
          },
        ],
      },
    ],
  };
}

function write(file: string, settings: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
}
