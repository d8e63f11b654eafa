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

/** When the first workflow task ended, Unix milliseconds: from then on it stands in the history what the execution made of its start. */
export function firstTaskMs(history: History): number | undefined {
  const first = (history.events ?? []).find(({ workflowTaskCompletedEventAttributes: done }) => done);
  return first === undefined ? undefined : timeOf(first);
}

/** How many activities were asked for so far, and the process that asked for the last of them: a worker's identity ends in its pid. */
export function lastWorkerOf(history: History): { readonly steps: number; readonly pid: number | undefined } {
  let steps = 0;
  let pid: number | undefined;
  for (const event of history.events ?? []) {
    pid = pidOf(event) ?? pid;
    if (event.activityTaskScheduledEventAttributes) steps += 1;
  }
  return { steps, pid };
}

/** When an activity was first asked for after that moment by any process but this one, Unix milliseconds. */
export function nextStepMs(history: History, afterMs: number, victim: number): number | undefined {
  let pid: number | undefined;
  for (const event of history.events ?? []) {
    pid = pidOf(event) ?? pid;
    if (event.activityTaskScheduledEventAttributes && pid !== victim && timeOf(event) > afterMs) return timeOf(event);
  }
  return undefined;
}

function pidOf({ workflowTaskCompletedEventAttributes: done }: Event): number | undefined {
  const pid = /(\d+)$/.exec(done?.identity ?? '')?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Times of a history have nanoseconds; seconds come as a Long. */
function timeOf({ eventTime }: Event): number {
  if (!eventTime) throw new Error('an event without a time');
  return Number(eventTime.seconds ?? 0) * 1_000 + (eventTime.nanos ?? 0) / 1e6;
}
