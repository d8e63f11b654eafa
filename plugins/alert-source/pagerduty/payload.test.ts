import { expect, test } from '@jest/globals';
import { parsePagerduty } from './payload.ts';

const created = '2026-11-24T19:00:00Z';
const at = '2026-11-24T20:00:00Z';
const body = (type: string, data: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ event: { id: 'E1', event_type: type, occurred_at: at, data } }));
const incident = {
  id: 'PGR0VU2',
  created_at: created,
  title: '[FIRING:1] ValidatorOffline validator-007 (laptop)',
  urgency: 'high',
};
const read = (type: string, data: unknown = incident, labels = {}) => {
  const report = parsePagerduty(body(type, data), labels);
  if (!report.ok) throw new Error(report.refusal.message);
  return report.value.alerts;
};

test('labels are read out of the title where the configuration says after what', () => {
  const [alert] = read('incident.triggered', incident, {
    alertname: '] ',
    validator: 'validator-',
    network: '(',
    zone: 'zone ',
  });
  expect(alert).toMatchObject({ name: 'ValidatorOffline', severity: 'critical', network: 'laptop' });
  expect(alert?.labels).toEqual({
    alertname: 'ValidatorOffline',
    validator: '007',
    network: 'laptop',
    urgency: 'high',
    severity: 'critical',
  });
});

test('a reopened incident fires again: it is another alert', () => {
  const [first] = read('incident.triggered');
  const [again] = read('incident.reopened');
  expect([first?.startedAtMs, again?.startedAtMs]).toEqual([Date.parse(created), Date.parse(at)]);
});

test('what is no news of a firing records nothing, whatever it is about', () => {
  for (const type of ['incident.acknowledged', 'incident.annotated', 'pagey.ping', 'service.updated'])
    expect(read(type, { id: 1, anything: true })).toEqual([]);
});

test('an incident without its time of creation is refused by name', () => {
  const report = parsePagerduty(body('incident.triggered', { ...incident, created_at: 'yesterday' }), {});
  expect(report).toMatchObject({ ok: false, refusal: { code: 'input.alert-body' } });
});
