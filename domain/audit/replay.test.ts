import { expect, test } from '@jest/globals';
import { appended, EMPTY_CHAIN } from './chain.ts';
import type { AuditEntry, AuditRecord } from './record.ts';
import { replay } from './replay.ts';

const scope = { environment: 'development', network: 'n', incident: 'i/1' } as const;
function chainOf(entries: readonly AuditEntry[]): readonly AuditRecord[] {
  let state = EMPTY_CHAIN;
  return entries.map((entry) => {
    const next = appended(scope, state, entry);
    state = next.state;
    return next.record;
  });
}
const said = (kind: AuditEntry['kind'], facts: object, atMs = 1): AuditEntry =>
  ({ kind, facts, atMs, by: 'platform' }) as AuditEntry;
const obeyed = (number: number, untilSeconds: number): AuditEntry =>
  said('order.obeyed', { number, untilSeconds, validators: [1] });

test('the order with the highest number counts, in whatever order the records stand', () => {
  const freeze = { order: 2, untilSeconds: 0 };
  expect(replay(chainOf([obeyed(1, 900), obeyed(2, 0)])).freeze).toEqual(freeze);
  expect(replay(chainOf([obeyed(2, 0), obeyed(1, 900)])).freeze).toEqual(freeze);
});

test('a file full of steps is read to its end: to copy all before each would outlast any test', () => {
  const steps = 20_000;
  const [one] = chainOf([said('step.started', { run: 'r', step: 's', key: 'k', effect: 'none' })]);
  const records = Array.from({ length: steps }, (_unused, at) => ({
    ...(one as AuditRecord),
    count: at + 1,
    facts: { run: 'r', step: 's', key: `k${at}`, effect: 'none' as const },
  }));
  expect(Object.keys(replay(records).steps)).toHaveLength(steps);
});

test('a run that is called like a part of every object is a run', () => {
  const { runs } = replay(chainOf([said('playbook.opened', { run: '__proto__', name: 'p', plan: 'ab' })]));
  expect(Object.entries(runs)).toMatchObject([['__proto__', { name: 'p' }]]);
});

test('what has no transcript is not proven', () => {
  const sent = said('transaction.sent', { purpose: 'payout', txid: 'ab'.repeat(32) });
  const swept = said('vaults.swept', { fromEpoch: 1, toEpoch: 2, vaults: 500, swept: 500 });
  expect(replay(chainOf([sent, swept]))).toMatchObject({
    transactions: [{ proven: false }],
    sweeps: [{ swept: 500, proven: 0 }],
  });
});
