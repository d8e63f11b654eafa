import { expect, test } from '@jest/globals';
import type { ValidatorReport } from '../status/reports.ts';
import { standingOf, standingText } from './standing.ts';

const says = (...keys: readonly (readonly [keyset: string, state: string])[]): ValidatorReport => ({
  url: '',
  up: true,
  state: 'ready',
  peers: 0,
  uptimeSeconds: 1,
  frozenUntilSeconds: undefined,
  frozenBy: undefined,
  freezesLeft: undefined,
  committeeEpoch: undefined,
  keys: keys.map(([keyset, state], at) => ({ keyset, state, epoch: at + 1, share: true })),
  health: {},
  status: {},
});
const down: ValidatorReport = { url: '', up: false, why: 'no answer' };

test('a key stands as validators say, and not as the process that made it ended', () => {
  const reports = [says(['old', 'retired'], ['new', 'active']), says(['old', 'retired'], ['new', 'active']), down];
  expect(standingText(standingOf('old', reports))).toBe('RETIRED');
  expect(standingText(standingOf('new', reports))).toBe('ACTIVE');
});

test('validators that judge a key otherwise are counted, and silence or a strange word is no answer', () => {
  const reports = [
    says(['old', 'retired']),
    says(['old', 'draining']),
    says(['old', 'retired']),
    says(['old', 'x\u001b']),
  ];
  expect(standingText(standingOf('old', reports))).toBe('RETIRED at 2, DRAINING at 1');
  expect(standingText(standingOf('old', [down, says()]))).toMatch(/^MADE; no validator that answers says/);
});
