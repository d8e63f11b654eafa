import { expect, test } from '@jest/globals';
import { validatorId } from '../domain/network/network.ts';
import type { Takeover } from './takeover.ts';
import { payoutEntries, renderTimeline, verdictOf } from './timeline.ts';

const T = 1_700_000_000_000;
const takeover: Takeover = {
  ceremony: 'signing-0',
  signers: [1, 2, 3].map(validatorId),
  heldBack: validatorId(3),
  killed: { worker: 'worker-1', pid: 42, atMs: T + 120 },
  takenOver: { worker: 'worker-2', atMs: T + 2_120 },
  before: [],
};
const partials = [
  { validator: validatorId(2), atMs: T },
  { validator: validatorId(1), atMs: T + 40 },
  { validator: validatorId(3), atMs: T + 2_300 },
];

test('entries come in order of time, each with the seconds since the first', () => {
  expect(renderTimeline(payoutEntries(takeover, partials))).toEqual([
    '     +0.000 s  validator-002  partial signature 1 of 3',
    '     +0.040 s  validator-001  partial signature 2 of 3',
    '     +0.120 s  worker-1       KILLED with SIGKILL, process 42',
    '     +2.120 s  worker-2       took over 2.00 s after the kill',
    '     +2.300 s  validator-003  partial signature 3 of 3 (was held back)',
  ]);
});

test('the verdict counts what existed at the kill and how often the deposit was spent', () => {
  expect(verdictOf(takeover, partials, 1)).toBe(
    'coordinator killed when 2 of 3 partial signatures existed; the last came 2.18 s later; the deposit was spent exactly once',
  );
  expect(verdictOf(takeover, partials, 2)).toContain('2 times');
});

test('nothing to show is no line and no error', () => {
  expect(renderTimeline([])).toEqual([]);
});
