import type { History } from '@temporalio/common/lib/proto-utils.js';

type Event = NonNullable<History['events']>[number];

/**
 * Milliseconds from the moment at which the first activity of type `from` was scheduled to the moment at which the last of type `to`
 * completed, by the server's own clock: what the process took, whoever watched it. Throws when the history has no such activities.
 */
export function spanMs(history: History, from: string, to: string): number {
  const events = history.events ?? [];
  const scheduled = new Map<string, { readonly type: string; readonly atMs: number }>();
  let begin: number | undefined;
  let end: number | undefined;
  for (const event of events) {
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (typeof type === 'string') {
      const atMs = timeOf(event);
      scheduled.set(String(event.eventId), { type, atMs });
      if (type === from) begin ??= atMs;
    }
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed && scheduled.get(String(completed.scheduledEventId))?.type === to) end = timeOf(event);
  }
  if (begin === undefined || end === undefined || end < begin)
    throw new Error(`the history has no way from ${from} to ${to}`);
  return end - begin;
}

/** Milliseconds from schedule to completion by type of activity, summed over all of a type, in the order of their first one. */
export function activityTimes(history: History): ReadonlyMap<string, number> {
  const scheduled = new Map<string, { readonly type: string; readonly atMs: number }>();
  const times = new Map<string, number>();
  for (const event of history.events ?? []) {
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (typeof type === 'string') {
      scheduled.set(String(event.eventId), { type, atMs: timeOf(event) });
      if (!times.has(type)) times.set(type, 0);
    }
    const begun = scheduled.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    if (begun !== undefined) times.set(begun.type, (times.get(begun.type) ?? 0) + timeOf(event) - begun.atMs);
  }
  return times;
}

/** Milliseconds from the start of the execution to its end. Throws while it runs. */
export function lifeMs(history: History): number {
  const events = history.events ?? [];
  const first = events[0];
  const last = events.at(-1);
  if (!first?.workflowExecutionStartedEventAttributes || !last?.workflowExecutionCompletedEventAttributes)
    throw new Error('the history does not reach from a start to a completion');
  return timeOf(last) - timeOf(first);
}

/** Times of a history have nanoseconds; seconds come as a Long. */
function timeOf({ eventTime }: Event): number {
  if (!eventTime) throw new Error('an event without a time');
  return Number(eventTime.seconds ?? 0) * 1_000 + (eventTime.nanos ?? 0) / 1e6;
}
