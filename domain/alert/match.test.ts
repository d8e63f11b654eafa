import { describe, expect, test } from '@jest/globals';
import type { Digest } from '../encoding/digest.ts';
import type { Trigger } from '../playbook/plan.ts';
import { alertFrom, alertKey, LABELS_MAX, type ReportedAlert } from './alert.ts';
import { type Candidate, matchAlert } from './match.ts';

const reported: ReportedAlert = {
  status: 'firing',
  fingerprint: 'f1',
  startedAtMs: 1_000,
  name: 'ValidatorOffline',
  severity: 'critical',
  summary: 'it is away',
  labels: { alertname: 'ValidatorOffline', severity: 'critical', validator: '7' },
};
const alertWith = (change: Partial<ReportedAlert> = {}, network: string | undefined = 'laptop') =>
  alertFrom('prometheus', { ...reported, ...change }, network);

const trigger = (change: Partial<Trigger> = {}): Trigger => ({
  labels: { alertname: { equals: 'ValidatorOffline' } },
  inputs: { validator: 'int(alert.labels.validator)' },
  ...change,
});
const candidate = (name: string, change: Partial<Candidate> = {}): Candidate => ({
  name,
  severity: 'SEV2',
  triggers: [trigger()],
  inputs: { validator: { type: 'validator', summary: 'which' } },
  digest: name.padEnd(64, '0') as Digest,
  ...change,
});
const limits = (...playbooks: string[]) => ({ networks: ['laptop'], playbooks });
const codes = (match: ReturnType<typeof matchAlert>) => match.losing.map(({ playbook, code }) => `${playbook} ${code}`);

describe('an alert', () => {
  test('is answered by the playbook whose trigger holds, with typed inputs', () => {
    const match = matchAlert(alertWith(), [candidate('one')], limits('one'));
    expect(match.chosen).toEqual({
      playbook: 'one',
      digest: 'one'.padEnd(64, '0'),
      severity: 'SEV2',
      trigger: 0,
      inputs: { validator: 7 },
    });
    expect(match.losing).toEqual([]);
  });

  test('is given what the installation chose, and its own word goes before', () => {
    const match = matchAlert(
      alertWith(),
      [candidate('one', { given: { holdFor: 60_000, validator: 3 } })],
      limits('one'),
    );
    expect(match.chosen?.inputs).toEqual({ holdFor: 60_000, validator: 7 });
  });

  test.each<readonly [string, string, Partial<ReportedAlert>, Partial<Trigger>]>([
    ['another label value', 'input.alert-label', { labels: { alertname: 'Other' } }, {}],
    ['a missing label', 'input.alert-label', { labels: {} }, {}],
    ['a label of every object', 'input.alert-label', {}, { labels: { toString: { matches: '.*' } } }],
    [
      'half of a pattern',
      'input.alert-label',
      { labels: { alertname: 'ValidatorOfflineToo' } },
      { labels: { alertname: { matches: 'ValidatorOffline|Other' } } },
    ],
    ['another severity', 'input.alert-severity', {}, { severity: ['warning'] }],
    ['another network', 'policy.alert-network', {}, { network: ['mainnet'] }],
    ['a network that its source may not speak for', 'policy.alert-network', { network: 'mainnet' }, {}],
    [
      'an input that is no number',
      'input.alert-input',
      { labels: { alertname: 'ValidatorOffline', validator: '7; rm' } },
      {},
    ],
    [
      'an input out of its range',
      'input.alert-input',
      { labels: { alertname: 'ValidatorOffline', validator: '0' } },
      {},
    ],
    ['an input without its label', 'input.alert-input', { labels: { alertname: 'ValidatorOffline' } }, {}],
  ])('with %s starts nothing: %s', (_what, code, change, triggers) => {
    const match = matchAlert(alertWith(change), [candidate('one', { triggers: [trigger(triggers)] })], limits('one'));
    expect(match.chosen).toBeUndefined();
    expect(codes(match)).toEqual([`one ${code}`]);
  });

  test('that names no network starts nothing when its source speaks for several', () => {
    const alert = alertFrom('prometheus', reported, undefined);
    const match = matchAlert(alert, [candidate('one')], { networks: ['laptop', 'other'], playbooks: ['one'] });
    expect(codes(match)).toEqual(['one policy.alert-network']);
  });

  test('starts no playbook that its source is not trusted with', () => {
    const match = matchAlert(alertWith(), [candidate('one'), candidate('two')], limits('two'));
    expect(match.chosen?.playbook).toBe('two');
    expect(codes(match)).toEqual(['one policy.alert-playbook']);
  });

  test('that several playbooks fit starts the most severe, then the most exact, then the first by name', () => {
    const severe = candidate('z-severe', { severity: 'SEV1' });
    const exact = candidate('y-exact', { triggers: [trigger({ severity: ['critical'] })] });
    const plain = candidate('a-plain');
    const same = candidate('b-plain');
    const chosen = (...among: Candidate[]) => matchAlert(alertWith(), among, limits(...among.map(({ name }) => name)));
    expect(chosen(plain, severe, exact).chosen?.playbook).toBe('z-severe');
    expect(chosen(same, plain, exact).chosen?.playbook).toBe('y-exact');
    expect(chosen(same, plain).chosen?.playbook).toBe('a-plain');
    expect(codes(chosen(same, plain, exact))).toEqual([
      'a-plain conflict.alert-stronger',
      'b-plain conflict.alert-stronger',
    ]);
  });

  test('is told the trigger that came closest', () => {
    const two = [trigger({ labels: { alertname: { equals: 'Other' } } }), trigger({ severity: ['info'] })];
    expect(codes(matchAlert(alertWith(), [candidate('one', { triggers: two })], limits('one')))).toEqual([
      'one input.alert-severity',
    ]);
  });

  test('that nothing answers is told the playbook that came nearest first, whatever its name', () => {
    const far = candidate('a-far', { triggers: [trigger({ labels: { alertname: { equals: 'Other' } } })] });
    const near = candidate('b-near', { triggers: [trigger({ severity: ['info'] })] });
    const forbidden = candidate('c-forbidden');
    const stranger = candidate('a-stranger', { triggers: far.triggers });
    const told = (...among: Candidate[]) => codes(matchAlert(alertWith(), among, limits('a-far', 'b-near')));
    expect(told(stranger, far, near)).toEqual([
      'b-near input.alert-severity',
      'a-far input.alert-label',
      'a-stranger policy.alert-playbook',
    ]);
    // Only the trust is missing.
    expect(told(far, near, forbidden)[0]).toBe('c-forbidden policy.alert-playbook');
  });

  test('is told of a playbook that cannot be loaded, and is answered by another one all the same', () => {
    const unfit = [{ name: 'torn', reason: '3:1 steps: is missing' }];
    const others = candidate('one', { triggers: [trigger({ severity: ['info'] })] });
    const silent = matchAlert(alertWith(), [others], limits('one', 'torn'), unfit);
    expect(silent.losing[0]).toEqual({
      playbook: 'torn',
      code: 'input.alert-unfit',
      message: 'it cannot be loaded: 3:1 steps: is missing',
    });
    expect(codes(matchAlert(alertWith(), [others], limits('one'), unfit))).toEqual([
      'one input.alert-severity',
      'torn policy.alert-playbook',
    ]);
    const answered = matchAlert(alertWith(), [candidate('one')], limits('one', 'torn'), unfit);
    expect(answered.chosen?.playbook).toBe('one');
    expect(codes(answered)).toEqual(['torn input.alert-unfit']);
  });

  test('is another one with another source, fingerprint or first firing, and with nothing else', () => {
    const alert = alertWith();
    const others = [
      { ...alert, source: 'other' },
      { ...alert, fingerprint: 'f2' },
      { ...alert, startedAtMs: 1_001 },
    ];
    expect(new Set([alert, ...others].map(alertKey)).size).toBe(4);
    expect(alertKey(alertWith({ summary: 'other', labels: {} }))).toBe(alertKey(alert));
  });

  test('with too many labels keeps those that triggers read, and says how many it lost', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_unused, at) => [`a${at}`, 'x']));
    const alert = alertWith({ labels: { ...many, ...reported.labels } });
    expect(Object.keys(alert.labels)).toHaveLength(LABELS_MAX);
    expect(alert.labelsLeftOut).toBe(103 - LABELS_MAX);
    expect(alert.labels).toMatchObject(reported.labels);
  });
});
