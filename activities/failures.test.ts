import { expect, test } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { fence } from './fence.ts';
import { toTemporalFailure } from './failures.ts';

const failureOf = (error: unknown): ApplicationFailure => {
  const failure = toTemporalFailure(error, 'askPartials');
  if (!(failure instanceof ApplicationFailure)) throw new Error('not an application failure');
  return failure;
};

test('the family decides whether Temporal tries again', () => {
  const retried = (['unavailable.x', 'unknown-outcome.x', 'not-yet.x', 'bug.x'] as const).map(
    (code) => failureOf(new FirebreakFailure(code, 'm')).nonRetryable,
  );
  const final = (['input.x', 'policy.x', 'conflict.x', 'signer-fault.x'] as const).map(
    (code) => failureOf(new FirebreakFailure(code, 'm')).nonRetryable,
  );
  expect(retried).toEqual([false, false, false, false]);
  expect(final).toEqual([true, true, true, true]);
});

test('code and public details arrive, stack and cause do not', () => {
  const failure = failureOf(
    new FirebreakFailure(
      'signer-fault.partial',
      'two lied',
      { culprits: [3, 7] },
      { cause: new Error('inner secret') },
    ),
  );
  expect(failure.type).toBe('signer-fault.partial');
  expect(failure.details).toEqual([{ culprits: [3, 7] }]);
  expect(failure.stack).toBe('');
  expect(failure.cause).toBeUndefined();
});

test('an unnamed error is stored without its message, which may hold anything', () => {
  const failure = failureOf(new TypeError('pin 4711 is wrong'));
  expect(failure.type).toBe('bug.activity');
  expect(failure.message).toBe('askPartials met an unexpected TypeError');
});

test.each([
  ['a name that is no name of a class', Object.assign(new Error('x'), { name: 'pin 4711' }), 'object'],
  ['a long name', Object.assign(new Error('x'), { name: 'A'.repeat(5_000) }), 'object'],
  [
    'a name that cannot be read',
    Object.defineProperty(new Error('x'), 'name', {
      get: () => {
        throw new Error('pin 4711');
      },
    }),
    'object',
  ],
  ['nothing', undefined, 'undefined'],
  ['a text', 'pin 4711', 'string'],
])('of %s that is thrown only its kind is stored', (_what, error, kind) => {
  expect(failureOf(error).message).toBe(`askPartials met an unexpected ${kind}`);
});

test('cancellation passes through', () => {
  const cancelled = new CancelledFailure('stop');
  expect(toTemporalFailure(cancelled, 'x')).toBe(cancelled);
});

test('a newer attempt stops the older one, and an older one cannot start beside it', () => {
  const first = fence('run/activity', 1);
  const second = fence('run/activity', 2);
  expect(first.overtaken.aborted).toBe(true);
  expect(second.overtaken.aborted).toBe(false);
  first.release();
  expect(fence('run/activity', 1).overtaken.aborted).toBe(true);
  second.release();
  expect(fence('run/activity', 1).overtaken.aborted).toBe(false);
});
