import { expect, test } from '@jest/globals';
import { layout, validatorIds } from '../layout.ts';
import { LOOPBACK, portPlan } from '../ports.ts';
import { secretFile } from '../receivers/secrets.ts';
import { alertmanagerSettings, prometheusSettings } from './settings.ts';

const ports = portPlan(20_000);
const addresses = (settings: unknown): readonly string[] =>
  [...JSON.stringify(settings).matchAll(/[\w.]+:\d{4,5}\b/g)].map(([address]) => address);

test('Prometheus looks at every validator by its name, at the workers, the alert intake and the watchdog, on this machine only', () => {
  const settings = prometheusSettings(ports);
  const jobs = Object.fromEntries(settings.scrape_configs.map((job) => [job.job_name, job.static_configs]));
  expect(jobs['firebreak-validator']).toHaveLength(validatorIds().length);
  expect(jobs['firebreak-validator']?.[6]).toEqual({
    targets: [`${LOOPBACK}:${ports.health(validatorIds()[6] ?? 0)}`],
    labels: { validator_id: 'validator-007' },
  });
  expect(jobs['firebreak-worker']).toHaveLength(2);
  expect(jobs['firebreak-watchdog']).toEqual([{ targets: [`${LOOPBACK}:${ports.watchdog}`], labels: {} }]);
  expect(addresses(settings).filter((address) => !address.startsWith(LOOPBACK))).toEqual([]);
});

test('the rules that ship are loaded, and not their tests', () => {
  const { rule_files: files } = prometheusSettings(ports);
  expect(files.map((file) => file.split('/').at(-1))).toEqual(['custody.yaml', 'network.yaml', 'platform.yaml']);
});

test('Alertmanager shows the secret of the source that it delivers to, and waits for no other alert', () => {
  const place = layout('here');
  const settings = alertmanagerSettings(place, ports);
  const [webhook] = settings.receivers[0]?.webhook_configs ?? [];
  expect(webhook?.url).toBe(`http://${LOOPBACK}:${ports.alerts}/v1/alerts/prometheus`);
  expect(webhook?.http_config.authorization.credentials_file).toBe(place.alerts.secret('prometheus'));
  expect(settings.route.group_by).toEqual(['...']);
});

test('what no playbook answers rings at a PagerDuty that keeps apart from the one of playbooks, whose pages the emergency waits for', () => {
  const place = layout('here');
  const { receivers } = alertmanagerSettings(place, ports);
  const [pagerduty] = receivers.find(({ name }) => name === 'on-call')?.pagerduty_configs ?? [];
  expect(pagerduty?.url).toBe(`http://${LOOPBACK}:${ports.receivers['on-call']}/v2/enqueue`);
  expect(ports.receivers['on-call']).not.toBe(ports.receivers.pagerduty);
  expect(pagerduty?.routing_key_file).toBe(secretFile(place.receivers.dir, 'on-call'));
});

test('the rule that always fires is repeated well within the minutes that the watchdog waits for it', () => {
  const { routes } = alertmanagerSettings(layout('here'), ports).route;
  expect(routes[0]).toMatchObject({ matchers: ['alertname = "Watchdog"'], repeat_interval: '1m' });
});
