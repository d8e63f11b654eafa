import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { activityTimes, firstTaskMs, lastWorkerOf, lifeMs, nextStepMs, spanMs } from './history.ts';

const stored = (name: string) => {
  const file = new URL(`../test/replay/histories/${name}.1.24.0.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as { events: { eventTime: string }[] };
};
const payOut = stored('pay-out');
const history = historyFromJSON(payOut);
const atMs = (event: { eventTime: string } | undefined): number => {
  const [seconds = '', fraction = ''] = (event?.eventTime ?? '').split('.');
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction.replace('Z', '')}`) * 1_000;
};

test('a signing ceremony lasts from the first question for commitments to the verified aggregate', () => {
  const typed = payOut.events as { eventTime: string; eventId: string; [attributes: string]: unknown }[];
  const scheduled = (type: string) =>
    typed.find(
      (event) =>
        (event['activityTaskScheduledEventAttributes'] as { activityType?: { name: string } } | undefined)?.activityType
          ?.name === type,
    );
  const finished = typed.find(
    (event) =>
      (event['activityTaskCompletedEventAttributes'] as { scheduledEventId?: string } | undefined)?.scheduledEventId ===
      scheduled('finishSigning')?.eventId,
  );
  const expected = atMs(finished) - atMs(scheduled('askCommitments'));
  expect(expected).toBeGreaterThan(0);
  expect(spanMs(history, 'askCommitments', 'finishSigning')).toBeCloseTo(expected, 2);
});

test('the activities of a ceremony take their part of it, one after the other', () => {
  const times = activityTimes(history);
  const signing = ['askCommitments', 'askPartials', 'finishSigning'];
  expect([...times.keys()].filter((type) => signing.includes(type))).toEqual(signing);
  const together = signing.reduce((sum, type) => sum + (times.get(type) ?? 0), 0);
  expect(together).toBeGreaterThan(0);
  expect(together).toBeLessThan(spanMs(history, 'askCommitments', 'finishSigning'));
});

test('a whole run lasts longer than any part of it', () => {
  expect(lifeMs(history)).toBeGreaterThan(spanMs(history, 'askCommitments', 'finishSigning'));
});

test('an activity that never was, a way backwards, and an unfinished run give no figure', () => {
  expect(() => spanMs(history, 'askCommitments', 'makeCoffee')).toThrow('no way');
  expect(() => spanMs(history, 'finishSigning', 'askCommitments')).toThrow('no way');
  expect(() => lifeMs({ events: history.events?.slice(0, -1) ?? [] })).toThrow('completion');
  expect(() => lifeMs({ events: [] })).toThrow('completion');
});

describe('a run that another worker takes over', () => {
  const at = (seconds: number) => ({ seconds, nanos: 0 });
  const task = (seconds: number, pid: number) => ({
    eventTime: at(seconds),
    workflowTaskCompletedEventAttributes: { identity: `worker/${pid}` },
  });
  const step = (seconds: number) => ({ eventTime: at(seconds), activityTaskScheduledEventAttributes: {} });
  const run = {
    events: [{ eventTime: at(1) }, task(2, 7), step(2), task(5, 7), step(5), task(9, 8), step(9)],
  } as never;

  test('is first heard of at the end of its first task', () => {
    expect(firstTaskMs(run)).toBe(2_000);
    expect(firstTaskMs({ events: [] })).toBeUndefined();
  });

  test('goes on with the first step of anybody but the victim, whose own last step may still come in', () => {
    expect(nextStepMs(run, 4_000, 7)).toBe(9_000);
    expect(nextStepMs(run, 4_000, 6)).toBe(5_000);
    expect(nextStepMs(run, 9_000, 7)).toBeUndefined();
  });

  test('has whoever took it over as its last worker', () => {
    expect(lastWorkerOf(run)).toEqual({ steps: 3, pid: 8 });
    expect(lastWorkerOf({ events: [] })).toEqual({ steps: 0, pid: undefined });
  });
});
