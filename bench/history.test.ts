import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { activityTimes, lifeMs, spanMs } from './history.ts';

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
