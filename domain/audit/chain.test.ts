import { expect, test } from '@jest/globals';
import { appended, type ChainState, EMPTY_CHAIN, headOf, verifyChain } from './chain.ts';
import { merkleRoot } from './merkle.ts';
import {
  type AuditEntry,
  type AuditRecord,
  type AuditScope,
  FACTS_BYTES_MAX,
  RECORD_BYTES_MAX,
  recordDigest,
} from './record.ts';
import { canonicalBytes } from '../encoding/digest.ts';

const scope: AuditScope = { environment: 'development', network: 'laptop', incident: 'incident/laptop/7/1' };
const note = (text: string): AuditEntry => ({ kind: 'note.added', facts: { text }, atMs: 1_000, by: 'ann' });

function chainOf(entries: readonly AuditEntry[], from: ChainState = EMPTY_CHAIN) {
  const records: AuditRecord[] = [];
  let state = from;
  for (const entry of entries) {
    const next = appended(scope, state, entry);
    records.push(next.record);
    state = next.state;
  }
  return { records, state };
}
const codeOf = (records: readonly AuditRecord[]): string => {
  const verdict = verifyChain(scope, records);
  return verdict.ok ? 'sound' : verdict.refusal.code;
};

test('a chain that is written in pieces is the chain that is written at once', () => {
  const entries = Array.from({ length: 9 }, (_unused, at) => note(String(at)));
  const whole = chainOf(entries);
  const first = chainOf(entries.slice(0, 4));
  const second = chainOf(entries.slice(4), first.state);
  expect([...first.records, ...second.records]).toEqual(whole.records);
  expect(second.state).toEqual(whole.state);
  expect(codeOf(whole.records)).toBe('sound');
  expect(headOf(scope, whole.state)).toEqual({
    incident: scope.incident,
    count: 9,
    head: recordDigest(whole.records[8] as AuditRecord),
    root: merkleRoot(whole.records.map(recordDigest)),
  });
});

test('the first record that is changed, missing, put in, moved or of another chain is named', () => {
  const { records } = chainOf(['a', 'b', 'c', 'd'].map(note));
  const [a, b, c, d] = records as [AuditRecord, AuditRecord, AuditRecord, AuditRecord];
  const refusalOf = (changed: readonly AuditRecord[]) => {
    const verdict = verifyChain(scope, changed);
    return verdict.ok ? undefined : [verdict.refusal.code, verdict.refusal.message];
  };
  expect(refusalOf([a, { ...b, by: 'eve' }, c, d])).toEqual([
    'policy.audit-previous',
    'record 3 does not follow the one before it',
  ]);
  expect(refusalOf([a, c, d])).toEqual(['policy.audit-count', 'record 2 is numbered 3']);
  expect(refusalOf([a, b, b, c, d])).toEqual(['policy.audit-count', 'record 3 is numbered 2']);
  expect(refusalOf([a, c, b, d])).toEqual(['policy.audit-count', 'record 2 is numbered 3']);
  expect(codeOf([a, b, { ...c, incident: 'incident/laptop/8/1' }, d])).toBe('policy.audit-scope');
  expect(codeOf([a, b, { ...c, environment: 'drill' }, d])).toBe('policy.audit-scope');
  // What is cut off at the end shows in the head alone.
  expect(codeOf([a, b])).toBe('sound');
  expect(headOf(scope, chainOf(['a', 'b'].map(note)).state)).not.toEqual(
    headOf(scope, chainOf(['a', 'b', 'c', 'd'].map(note)).state),
  );
});

test('an entry that is too large is cut and not refused: a record never stops an emergency', () => {
  const many = Array.from({ length: 5_000 }, (_unused, at) => `channel-${at}`);
  const entries: AuditEntry[] = [
    note('x'.repeat(1_000_000)),
    note('\u{1F9EF}'.repeat(20_000)),
    {
      kind: 'notice.sent',
      facts: { notice: 'n'.repeat(50_000), confirmed: many, silent: many },
      atMs: 1,
      by: 'p'.repeat(900),
    },
  ];
  const { records } = chainOf(entries);
  for (const record of records) {
    expect(canonicalBytes(record.facts).length).toBeLessThanOrEqual(FACTS_BYTES_MAX);
    expect(canonicalBytes(record).length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  }
  expect(codeOf(records)).toBe('sound');
});
