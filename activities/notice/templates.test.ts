import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { PHASES } from '../../domain/notification/notice.ts';
import type { CallWords, IncidentWords } from '../../domain/notification/words.ts';
import { SEVERITIES } from '../../domain/playbook/plan.ts';
import { HOSTILE_WORDS } from '../../plugins/testkit/notifier.ts';
import { compose } from './compose.ts';
import { shippedTemplates, TEMPLATE_NAMES } from './templates.ts';

const render = shippedTemplates();
const saying = { thread: 'ab', network: 'laptop', exercise: false, issuedAtMs: Date.UTC(2026, 10, 24, 20) };
const incident: IncidentWords = {
  kind: 'incident',
  phase: 'investigating',
  id: 'inc-7',
  title: 'Shares may have been copied',
  detectedAtMs: Date.UTC(2026, 10, 24, 19, 58),
  impact: ['payouts are stopped'],
  affected: '12 loans',
  fundsAtRisk: 'no',
  done: ['signing is frozen'],
  next: ['the key is changed'],
  readersDo: 'make no payment',
  commander: 'Ada',
};
const call: CallWords = {
  kind: 'call',
  title: 'Install the patch',
  description: 'A flaw lets one validator stop signing.',
  actions: ['install it'],
  deadlineMs: Date.UTC(2026, 10, 24, 22),
  reading: 'advisory 7',
  patch: '1.2.1',
};

test('the templates are what lies on disk', () => {
  const folder = fileURLToPath(new URL('templates', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.liquid'));
  expect([...TEMPLATE_NAMES].sort()).toEqual(files.map((file) => file.replace(/\.liquid$/, '')).sort());
});

test.each(SEVERITIES.flatMap((severity) => PHASES.map((phase) => [severity, phase] as const)))(
  '%s, %s: says status, incident and network, and fits every channel',
  (severity, phase) => {
    const notice = compose(render, { ...incident, phase }, { ...saying, severity });
    expect(notice.title).toContain('Shares may have been copied');
    for (const words of [`Status: ${phase.toUpperCase()}`, 'inc-7', 'laptop', '2026-11-24 19:58 UTC'])
      expect(notice.body).toContain(words);
    expect(notice.body).not.toMatch(/\{\{|\{%|undefined|\[object|\n\n\n/);
  },
);

test.each(['SEV1', 'SEV2'] as const)('%s has every field of the form, also before anything is known', (severity) => {
  const { body } = compose(render, incident, { ...saying, severity });
  for (const words of [
    'payouts are stopped',
    '12 loans',
    'funds at risk: NO',
    'signing is frozen',
    'the key is changed',
    'make no payment',
  ])
    expect(body).toContain(words);
  expect(body).toContain(severity === 'SEV1' ? '2026-11-24 21:00 UTC' : '2026-11-25 00:00 UTC');
  const nothing = { ...incident, impact: [], affected: null, done: [], next: [], readersDo: null, commander: null };
  const early = compose(render, { ...nothing, fundsAtRisk: 'unknown' }, { ...saying, severity }).body;
  for (const words of ['not known yet', 'funds at risk: UNKNOWN', 'nothing yet', 'not decided yet', 'nothing for now'])
    expect(early).toContain(words);
});

test.each(SEVERITIES)('%s: a call says what to do and by when, and leaves out what there is none of', (severity) => {
  const { title, body } = compose(render, call, { ...saying, severity });
  expect(title).toContain('Install the patch');
  for (const words of ['- install it', 'By: 2026-11-24 22:00 UTC', 'Read: advisory 7', 'Patch: 1.2.1'])
    expect(body).toContain(words);
  const bare = compose(render, { ...call, deadlineMs: null, reading: null, patch: null }, { ...saying, severity }).body;
  expect(bare).not.toMatch(/By:|Read:|Patch:/);
});

test('a long sentence of a playbook is a headline that is cut, and the whole of it below', () => {
  const text = `${'frozen by order '.repeat(40)}end`;
  const { title, body } = compose(render, { kind: 'page', text }, { ...saying, severity: 'SEV2' });
  expect(title.endsWith('…')).toBe(true);
  expect(body.replaceAll('\n', '')).toContain(text.slice(-50));
});

test.each(HOSTILE_WORDS.map((words) => [words]))('%j adds no line to any form', (words) => {
  const hostile = {
    ...incident,
    id: words,
    title: words,
    impact: [words],
    affected: words,
    done: [words],
    next: [words],
    readersDo: words,
    commander: words,
  };
  for (const severity of SEVERITIES)
    for (const phase of PHASES) {
      const good = compose(render, { ...incident, phase }, { ...saying, severity }).body;
      const bad = compose(render, { ...hostile, phase }, { ...saying, severity, network: words }).body;
      expect(bad.split('\n').length).toBe(good.split('\n').length);
      expect(bad.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|:\/\//u);
    }
});

test('more lines than anybody reads are counted and not told', () => {
  const impact = Array.from({ length: 50 }, (_, at) => `vault ${at}`);
  const { body } = compose(render, { ...incident, impact }, { ...saying, severity: 'SEV1' });
  expect(body).toContain('- and 31 more');
  expect(body).not.toContain('vault 19');
});
