import { expect, test } from '@jest/globals';
import { attemptOf } from './pending.ts';

const at = (seconds: number, nanos = 0) => ({ seconds, nanos });

test('an attempt has the process id of its worker and its own heartbeats', () => {
  expect(
    attemptOf({
      lastWorkerIdentity: 'laptop-7/coordinator/4711',
      lastStartedTime: at(100),
      lastHeartbeatTime: at(100, 400_000_000),
    }),
  ).toEqual({ pid: 4711, startedAtMs: 100_000, beatAtMs: 100_400 });
});

test('a heartbeat of an earlier attempt, and the start itself, are no heartbeat of this one', () => {
  const started = { lastWorkerIdentity: 'h/coordinator/12', lastStartedTime: at(100, 5) };
  for (const lastHeartbeatTime of [undefined, null, at(99), at(100, 5)])
    expect(attemptOf({ ...started, lastHeartbeatTime })?.beatAtMs).toBeUndefined();
});

test('an attempt that nobody has started is none', () => {
  expect(attemptOf({})).toBeUndefined();
  expect(attemptOf({ lastWorkerIdentity: 'nobody', lastStartedTime: at(1) })).toBeUndefined();
  expect(attemptOf({ lastWorkerIdentity: 'h/coordinator/12', lastStartedTime: null })).toBeUndefined();
});
