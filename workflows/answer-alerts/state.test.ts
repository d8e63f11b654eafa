import { expect, test } from '@jest/globals';
import type { Asked } from './messages.ts';
import {
  askedFrom,
  incidentNamedIn,
  joins,
  type OpenIncident,
  type Told,
  toldBefore,
  withAlert,
  withTold,
} from './state.ts';

const alert = { name: 'Offline', source: 'prometheus', fingerprint: 'f', startedAtMs: 5, summary: 'away' };
const NOTHING: OpenIncident = { id: 'incident/laptop/one', alerts: {} };
const asked = {
  record: 'recordAlert/prometheus/f',
  alert,
  incident: {
    network: 'laptop',
    key: 'k',
    title: 'of a test',
    severity: 'SEV2',
    playbook: {
      name: 'of-a-test',
      playbook: '0'.repeat(64),
      plan: { digest: 'd', sizeBytes: 1 },
      library: {},
      inputs: {},
    },
  },
} as unknown as Asked;

test('an alert joins once or however often it asks, and not after it was resolved and fires again', () => {
  const open = withAlert(NOTHING, alert);
  expect(joins(NOTHING, alert)).toBe(true);
  expect(joins(open, alert)).toBe(true);
  expect(joins(open, { ...alert, startedAtMs: 6 })).toBe(false);
  expect(joins(open, { ...alert, source: 'scripts', startedAtMs: 6 })).toBe(true);
  expect(joins(open, { ...alert, fingerprint: '__proto__', startedAtMs: 6 })).toBe(true);
});

test('as many alerts are remembered as there is room for, the newest', () => {
  let open = NOTHING;
  for (let at = 0; at < 1_000; at += 1) open = withAlert(open, { ...alert, fingerprint: String(at) });
  expect(Object.keys(open.alerts)).toHaveLength(200);
  expect(joins(open, { ...alert, fingerprint: '999', startedAtMs: 6 })).toBe(false);
});

test('what a record was told is remembered for the newest, and not for one that is begun anew', () => {
  let told: Told = {};
  for (let at = 0; at < 1_000; at += 1)
    told = withTold(told, { record: `r${at}`, execution: 'e' }, `incident/laptop/${at}`);
  expect(Object.keys(told)).toHaveLength(200);
  expect(toldBefore(told, { record: 'r999', execution: 'e' })).toBe('incident/laptop/999');
  expect(toldBefore(told, { record: 'r999', execution: 'another' })).toBeUndefined();
  expect(toldBefore(told, { record: 'r0', execution: 'e' })).toBeUndefined();
});

test('what asks in another shape asks nothing', () => {
  expect(askedFrom({ ...asked, more: 1 })).toEqual(asked);
  expect(askedFrom({ ...asked, execution: 'e' })).toEqual({ ...asked, execution: 'e' });
  const { incident } = asked;
  for (const said of [
    undefined,
    [],
    { ...asked, record: '' },
    { ...asked, execution: 7 },
    { ...asked, alert: { ...alert, startedAtMs: 'now' } },
    { ...asked, alert: { ...alert, fingerprint: '\ud800' } },
    { ...asked, incident: { ...incident, severity: 'SEV9' } },
    { ...asked, incident: { ...incident, playbook: [] } },
  ])
    expect(askedFrom(said)).toBeUndefined();
  expect(incidentNamedIn({ incident: 'incident/laptop/one' })).toBe('incident/laptop/one');
  for (const said of [null, {}, { incident: 'runPlaybook/laptop/one' }, { incident: 7 }])
    expect(incidentNamedIn(said)).toBeUndefined();
});
