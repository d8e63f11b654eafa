import type { Client } from '@temporalio/client';

export type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

/**
 * Whether a step of this history was given a ceremony or gave one: the session that `gather` opened, the key that was proposed.
 * Payloads are public JSON; `ceremony` is a whole id, so that no id is found in a longer one.
 */
export function mentions(history: History, ceremony: string): boolean {
  const wanted = Buffer.from(`"ceremony":"${ceremony}"`);
  return (history.events ?? []).some((event) =>
    [event.activityTaskScheduledEventAttributes?.input, event.activityTaskCompletedEventAttributes?.result]
      .flatMap((payloads) => payloads?.payloads ?? [])
      .some(({ data }) => data !== undefined && data !== null && Buffer.from(data).includes(wanted)),
  );
}
