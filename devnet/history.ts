import { setTimeout as wait } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];

/** A run that is about to begin is seen at once; one that is long in coming is not asked for sixty times a second. */
const LOOK_AGAIN_MS = { first: 15, growth: 1.3, most: 100 } as const;

/**
 * The history of a run as it grows, each event once, by long polls: until the run is closed or `signal`. A run that has not begun and a
 * server that is being killed are asked again.
 */
export async function* eventsOf(client: Client, workflowId: string, signal: AbortSignal): AsyncGenerator<HistoryEvent> {
  let last = 0;
  let token: Uint8Array | undefined;
  let againMs: number = LOOK_AGAIN_MS.first;
  while (!signal.aborted) {
    const page = await client
      .withAbortSignal(signal, () =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace: 'default',
          execution: { workflowId },
          waitNewEvent: true,
          ...(token === undefined ? {} : { nextPageToken: token }),
        }),
      )
      .catch(() => undefined);
    if (page === undefined) {
      token = undefined;
      await wait(againMs);
      againMs = Math.min(againMs * LOOK_AGAIN_MS.growth, LOOK_AGAIN_MS.most);
      continue;
    }
    againMs = LOOK_AGAIN_MS.first;
    token = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
    for (const event of page.history?.events ?? []) {
      const eventId = Number(event.eventId);
      if (eventId <= last) continue;
      last = eventId;
      yield event;
      if (closes(event)) return;
    }
  }
}

/** Whether it is the last one of an execution. */
export const closes = (event: HistoryEvent): boolean =>
  [
    event.workflowExecutionCompletedEventAttributes,
    event.workflowExecutionFailedEventAttributes,
    event.workflowExecutionTimedOutEventAttributes,
    event.workflowExecutionTerminatedEventAttributes,
    event.workflowExecutionCanceledEventAttributes,
    event.workflowExecutionContinuedAsNewEventAttributes,
  ].some((attributes) => attributes !== undefined && attributes !== null);

/** Unix milliseconds. */
export const timeOf = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? 0) * 1_000 + Math.floor(Number(eventTime?.nanos ?? 0) / 1e6);
