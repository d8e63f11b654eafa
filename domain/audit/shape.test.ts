import { expect, test } from '@jest/globals';
import { type AuditEntry, documentOf } from './record.ts';
import { factsFault, isRecordable, isReportable } from './shape.ts';

const ended: AuditEntry = {
  kind: 'step.ended',
  facts: { run: 'r', step: 's', key: 's', outcome: 'finished', values: { txid: 'ab', validators: [1, 2] } },
  atMs: 1_800_000_000_000,
  by: 'platform',
  documents: [documentOf('results', {})],
};

test('what a run says of itself may be recorded', () => {
  expect([isRecordable(ended), isReportable(ended)]).toEqual([true, true]);
});

test.each([
  ['a kind that does not exist', { ...ended, kind: 'step.imagined' }],
  ['a kind that every object has', { ...ended, kind: 'toString' }],
  ['facts of another kind', { ...ended, kind: 'step.started' }],
  ['a field too many', { ...ended, facts: { ...ended.facts, really: true } }],
  ['a field too few', { ...ended, facts: { run: 'r' } }],
  ['an outcome that is none', { ...ended, facts: { ...ended.facts, outcome: 'done' } }],
  ['text that has no bytes', { ...ended, facts: { ...ended.facts, step: '\ud800' } }],
  ['a fraction among its values', { ...ended, facts: { ...ended.facts, values: { part: 0.5 } } }],
  ['no time', { ...ended, atMs: Number.NaN }],
  ['a time that has no date', { ...ended, atMs: Number.MAX_SAFE_INTEGER }],
  ['nobody', { ...ended, by: 7 }],
  ['a document of another shape', { ...ended, documents: [{ what: 'results', digest: 'ab', sizeBytes: 2 }] }],
  ['a document with more in it', { ...ended, documents: [{ ...documentOf('results', {}), path: '/etc' }] }],
  ['nothing', undefined],
])('an entry with %s is not recordable', (_what, entry) => {
  expect(isRecordable(entry)).toBe(false);
});

test('no run opens, closes or signs its incident, and none sends bytes that nobody has stored', () => {
  const closed: AuditEntry = { kind: 'incident.closed', facts: { outcome: 'done' }, atMs: 1, by: 'platform' };
  const lowered: AuditEntry = {
    kind: 'severity.changed',
    facts: { from: 'SEV1', to: 'SEV4', reason: 'quiet' },
    atMs: 1,
    by: 'ann',
  };
  for (const entry of [closed, lowered]) expect([isRecordable(entry), isReportable(entry)]).toEqual([true, false]);
  expect(isReportable({ ...ended, enclosed: [{ what: 'results', value: 'x'.repeat(10) }] })).toBe(false);
});

test('what is wrong with facts is named by its field', () => {
  expect(factsFault('step.ended', { ...ended.facts, code: 5 })).toBe('code');
});
