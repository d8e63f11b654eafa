import { expect, test } from '@jest/globals';
import { otherFee } from './state.ts';

test.each([
  ['conflict.outpoint-locked', 2],
  ['policy.payout-fee-floor', 2],
  ['policy.payout-fee-cap', 0.5],
  ['policy.sweep-script', undefined],
  ['policy.vote-expired', undefined],
  ['unavailable.validators', undefined],
] as const)('after %s the next plan pays %s times as much', (code, times) => expect(otherFee(1, { code })).toBe(times));
