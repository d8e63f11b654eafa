import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments, parse } from 'yaml';
import { z } from 'zod';
import { apiMetrics } from '../../api/metrics.ts';
import { layout } from '../../devnet/layout.ts';
import { alertmanagerSettings } from '../../devnet/monitoring/settings.ts';
import { portPlan } from '../../devnet/ports.ts';
import { alertFrom } from '../../domain/alert/alert.ts';
import { matchAlert } from '../../domain/alert/match.ts';
import { parseCatalogue } from '../../language/catalogue.ts';
import { loadLibrary } from '../../language/library.ts';
import { workerMetrics } from '../../telemetry/metrics.ts';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { watchdogMetrics } from '../../watchdog/metrics.ts';
import { validatorMetrics } from '../../validator/http/metrics.ts';
import { type AlertmanagerSettings, alertmanagerSettingsFrom, deliveriesOf } from './alertmanager-routes.ts';

const at = (...parts: string[]): string => path.join(projectFolder, ...parts);
const read = (file: string): string => readFileSync(at(file), 'utf8');

const rule = z.strictObject({
  alert: z.string().regex(/^[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({
    severity: z.enum(['critical', 'warning', 'info']),
    priority: z.enum(['P0', 'P1', 'P2', 'P3']),
    validator: z.string().optional(),
    answered_by: z.string().optional(),
  }),
  annotations: z.strictObject({
    title: z.string(),
    summary: z.string(),
    action: z.string(),
    playbook: z.string(),
    runbook: z.string(),
  }),
});
const recording = z.strictObject({ record: z.string(), expr: z.string() });
const file = z.strictObject({
  groups: z.array(
    z.strictObject({ name: z.string(), interval: z.string().optional(), rules: z.array(z.union([rule, recording])) }),
  ),
});
type Rule = z.infer<typeof rule>;

const ruleFiles = readdirSync(at('ops', 'alerts')).filter((name) => /^\w+\.yaml$/.test(name));
const everyRule = ruleFiles.flatMap((name) =>
  file.parse(parse(read(`ops/alerts/${name}`))).groups.flatMap(({ rules }) => rules),
);
const alerts = everyRule.filter((each): each is Rule => 'alert' in each);

const { playbooks, problems } = loadLibrary(
  readdirSync(at('playbooks'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ file: name, bytes: readFileSync(at('playbooks', name, 'playbook.yaml')) })),
  parseCatalogue(readFileSync(at('playbooks', 'catalogue.yaml')), 'catalogue.yaml'),
);
const candidates = playbooks.map(({ plan, digest }) => ({ ...plan, digest }));

/** Which playbook an alert of this rule starts, for validator 7. */
function answerTo({ alert, labels }: Pick<Rule, 'alert' | 'labels'>): string | undefined {
  const { validator, answered_by: answeredBy, ...others } = labels;
  const fired = alertFrom(
    'prometheus',
    {
      status: 'firing',
      fingerprint: 'f',
      startedAtMs: 1,
      name: alert,
      severity: labels.severity,
      summary: '',
      labels: {
        ...others,
        alertname: alert,
        ...(validator === undefined ? {} : { validator: '7' }),
        ...(answeredBy === undefined ? {} : { answered_by: answeredBy }),
      },
    },
    'laptop',
  );
  const limits = { networks: ['laptop'], playbooks: candidates.map(({ name }) => name) };
  return matchAlert(fired, candidates, limits).chosen?.playbook;
}

/** What is wrong with a rule, in words. */
function faultsOf({ alert, labels, annotations }: Rule): string[] {
  const { playbook, runbook } = annotations;
  const [page = '', anchor] = runbook.split('#');
  const faults: string[] = [];
  const answer = answerTo({ alert, labels });
  if (playbook.startsWith('none, ') ? answer !== undefined : answer !== playbook)
    faults.push(`says playbook "${playbook}", and ${answer ?? 'nothing'} answers it`);
  if (!/^ops\/runbooks\/[\w-]+\.md$/.test(page) || !existsSync(at(page))) faults.push(`has no runbook at ${page}`);
  else if (anchor !== undefined && !anchorsOf(read(page)).includes(anchor))
    faults.push(`${page} has no part ${anchor}`);
  const grade = { P0: 'critical', P1: 'critical', P2: 'warning', P3: 'info' }[labels.priority];
  if (grade !== labels.severity) faults.push(`is ${labels.priority} and ${labels.severity}`);
  if (labels.answered_by !== answer)
    faults.push(`is routed as answered by ${labels.answered_by ?? 'nothing'}, and ${answer ?? 'nothing'} answers it`);
  return faults;
}

/** By its grade or by its words; `no page` promises none. */
const promisesPage = ({ priority }: Rule['labels'], { action }: Rule['annotations']): boolean =>
  priority === 'P0' || priority === 'P1' || /(?<!\bno )\bpage\b/i.test(action);

/** What is wrong with where an alert of this rule goes: the api only records what no playbook answers. */
function misroutesOf({ alert, labels, annotations }: Rule, settings: AlertmanagerSettings): string[] {
  const { recorded, pages } = deliveriesOf(settings, { ...labels, alertname: alert });
  const faults = recorded ? [] : ['is not recorded'];
  const told = pages || answerTo({ alert, labels }) !== undefined;
  return promisesPage(labels, annotations) && !told ? [...faults, 'pages nobody'] : faults;
}

const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#{2,} (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));

describe('the alert rules', () => {
  test('are there, each under a name of its own', () => {
    expect(problems).toEqual([]);
    expect(alerts.length).toBeGreaterThan(20);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  test.each(alerts.map((each) => [each.alert, each] as const))(
    '%s has a playbook that answers it or a reason for none, a runbook and one grade',
    (_name, each) => expect(faultsOf(each)).toEqual([]),
  );

  test('that lack one of these are found', () => {
    const [sound] = alerts;
    if (sound === undefined) throw new Error('there is no rule');
    const changed = (labels: Partial<Rule['labels']>, annotations: Partial<Rule['annotations']>) =>
      faultsOf({
        ...sound,
        labels: { ...sound.labels, ...labels },
        annotations: { ...sound.annotations, ...annotations },
      });
    expect(changed({}, {})).toEqual([]);
    expect(changed({}, { playbook: 'no-such-playbook' })).toHaveLength(1);
    expect(changed({}, { playbook: 'none, it does not matter' })).toHaveLength(1);
    expect(changed({ validator: undefined, answered_by: undefined }, {})).toHaveLength(1);
    expect(changed({}, { runbook: 'ops/runbooks/absent.md' })).toHaveLength(1);
    expect(changed({}, { runbook: 'ops/runbooks/validator-offline.md#absent' })).toHaveLength(1);
    expect(changed({ severity: 'info' }, {})).toHaveLength(1);
    expect(changed({ answered_by: undefined }, {})).toHaveLength(1);
    expect(changed({ answered_by: 'break-glass-review' }, {})).toHaveLength(1);
    const { runbook: _runbook, ...without } = sound.annotations;
    expect(rule.safeParse({ ...sound, annotations: without }).success).toBe(false);
    const { playbook: _playbook, ...unanswered } = sound.annotations;
    expect(rule.safeParse({ ...sound, annotations: unanswered }).success).toBe(false);
  });

  describe.each([
    ['the example settings', parse(read('ops/prometheus/alertmanager.yaml'))],
    ['a devnet', alertmanagerSettings(layout('here'), portPlan(20_000))],
  ])('as Alertmanager routes them by %s', (_name, written: unknown) => {
    const settings = alertmanagerSettingsFrom(written);

    test('are all recorded, and each that promises a page has a playbook or rings without one', () => {
      const faults = alerts.map((each) => [each.alert, misroutesOf(each, settings)] as const);
      expect(faults.filter(([, found]) => found.length > 0)).toEqual([]);
    });

    test('that page nobody, or are not recorded, are found', () => {
      const unanswered = alerts.find(({ alert }) => alert === 'PayoutsFrozenByChain');
      if (unanswered === undefined) throw new Error('there is no such rule');
      const relabelled = (labels: Partial<Rule['labels']>) => ({
        ...unanswered,
        labels: { ...unanswered.labels, ...labels },
      });
      expect(misroutesOf(unanswered, settings)).toEqual([]);
      expect(misroutesOf(relabelled({ answered_by: 'validator-offline' }), settings)).toEqual(['pages nobody']);
      expect(misroutesOf(relabelled({ severity: 'warning', priority: 'P2' }), settings)).toEqual(['pages nobody']);

      const receivers = settings.receivers.map((one) => (one.name === 'on-call' ? { name: 'on-call' } : one));
      expect(misroutesOf(unanswered, { ...settings, receivers })).toEqual(['pages nobody']);
      const routes = settings.route.routes ?? [];
      const routed = (changed: typeof routes) => ({ ...settings, route: { ...settings.route, routes: changed } });
      const toFirebreak = routes.filter(({ receiver }) => receiver !== 'on-call');
      expect(misroutesOf(unanswered, routed(toFirebreak))).toEqual(['pages nobody']);
      const once = routes.map((route) => ({ ...route, continue: false }));
      expect(misroutesOf(unanswered, routed(once))).toEqual(['is not recorded']);
    });
  });

  test('promise a page by what they say as well, and none where they say so', () => {
    const [sound] = alerts;
    if (sound === undefined) throw new Error('there is no rule');
    const promises = (action: string) =>
      promisesPage({ severity: 'warning', priority: 'P2' }, { ...sound.annotations, action });
    expect(promises('Page on-call; mend it')).toBe(true);
    expect(promises('Cannot sign, page entire team')).toBe(true);
    expect(promises('Notify on-call (no page)')).toBe(false);
    expect(promises('None; the watchdog pages when it stops')).toBe(false);
  });

  test('read metrics and labels that exist', () => {
    const known: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
      [validatorMetrics, workerMetrics, apiMetrics, watchdogMetrics].flatMap((table) =>
        Object.entries(table).map(([name, { labels }]) => [name, [...labels]]),
      ),
    );
    const recorded = everyRule.flatMap((each) => ('record' in each ? [each.record] : []));
    const free = new Set(['job', 'instance', 'validator_id']);
    for (const { expr } of everyRule)
      for (const [, name = '', selector = ''] of expr.matchAll(/\b([a-z][a-z0-9_:]*[_:][a-z0-9_:]+)\b(\{[^}]*\})?/g)) {
        if (recorded.includes(name) || PROMQL_WORDS.has(name) || name === 'validator_id') continue;
        expect(Object.keys(known)).toContain(name);
        const labels = [...selector.matchAll(/([a-z_]+)\s*(?:=~|!=|=)/g)].map(([, label = '']) => label);
        expect(labels.filter((label) => !free.has(label) && !known[name]?.includes(label))).toEqual([]);
      }
  });

  test('have a test that names each of them', () => {
    const tests = readdirSync(at('ops', 'alerts'))
      .filter((name) => name.endsWith('.test.yaml'))
      .map((name) => read(`ops/alerts/${name}`))
      .join('\n');
    expect(alerts.map(({ alert }) => alert).filter((name) => !new RegExp(`\\b${name}\\b`).test(tests))).toEqual([]);
  });
});

const PROMQL_WORDS = new Set(['avg_over_time', 'min_over_time', 'max_over_time']);

/** 002 §12.4.3, in its words. */
const NAMED = [
  'Validator Offline',
  'Signature Failure Rate High',
  'Funds at Risk',
  'State Inconsistency',
  'Critical Validators Down',
  'High Latency',
  'Reorg Detected',
  'Validator Performance Degraded',
  'Resource Usage High',
  'Disk Space Low',
];
test.each(NAMED)('the alert "%s" of the specification is a rule of that name, or its absence has a reason', (name) => {
  const titled = alerts.find(({ annotations }) => annotations.title === name);
  if (titled !== undefined) expect(titled.alert).toBe(name.replaceAll(' ', ''));
  else expect(read('ops/alerts/README.md')).toContain(`| \`${name}\` |`);
});

test('every runbook has the parts that a reader looks for, and a rule that leads to it', () => {
  for (const name of readdirSync(at('ops', 'runbooks'))) {
    const parts = [...read(`ops/runbooks/${name}`).matchAll(/^## (.+)$/gm)].map(([, part]) => part);
    expect([name, parts]).toEqual([
      name,
      ['Symptoms', 'Impact', 'Investigation', 'Resolution', 'Prevention', 'Post-Incident'],
    ]);
    expect(alerts.some(({ annotations }) => annotations.runbook.startsWith(`ops/runbooks/${name}`))).toBe(true);
  }
});

test('the example settings load these rules, scrape the jobs that they read, and send everything to the api', () => {
  const settings = parse(read('ops/prometheus/prometheus.yaml')) as {
    rule_files: string[];
    scrape_configs: { job_name: string }[];
  };
  expect(settings.rule_files.map((name) => path.basename(name)).sort()).toEqual([...ruleFiles].sort());
  const jobs = new Set<string>(
    everyRule.flatMap(({ expr }) => [...expr.matchAll(/job="([^"]+)"/g)].map(([, job = '']) => job)),
  );
  expect(settings.scrape_configs.map(({ job_name: job }) => job).sort()).toEqual([...jobs].sort());
  expect(parseAllDocuments(read('ops/prometheus/alertmanager.yaml')).length).toBe(1);
  expect(read('ops/prometheus/alertmanager.yaml')).toContain('/v1/alerts/prometheus');
});
