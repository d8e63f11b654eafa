import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { exitCodeOf } from './exit.ts';

test.each([
  ['input.file', 2],
  ['policy.order-quorum', 1],
  ['conflict.order-number', 1],
  ['signer-fault.partial', 1],
  ['not-yet.deposit', 1],
  ['unavailable.coordinator', 3],
] as const)('%s ends with exit code %i', (code, exit) => {
  expect(exitCodeOf(new FirebreakFailure(code, 'x'))).toBe(exit);
});

test('what nobody foresaw is a failure and not a success', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(1);
});
