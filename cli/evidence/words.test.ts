import { expect, test } from '@jest/globals';
import type { Digest } from '../../domain/encoding/digest.ts';
import { stateLines } from './words.ts';

const plan = 'ab'.repeat(32) as Digest;
const of = (outcome: 'running' | 'done') =>
  stateLines({
    severity: 'SEV2',
    outcome: '',
    runs: { a: { name: 'disk-filling', plan, within: '', outcome, end: outcome === 'done' ? 'freed' : '' } },
    steps: { look: { outcome: 'finished', does: '' }, free: { outcome: 'failed', does: '' } },
    keys: [],
    transactions: [],
    sweeps: [],
    freeze: { order: 0, untilSeconds: 0 },
    roles: {},
  }).join('\n');

test('a run of which no end is recorded is not called running: it may have halted, as its failed step says', () => {
  expect(of('running')).toMatch(/disk-filling: not ended\n {2}steps {6}1 finished, 1 failed of 2\n/);
  expect(of('done')).toMatch(/disk-filling: done freed\n/);
});
