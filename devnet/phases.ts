import { setTimeout as wait } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** What a run said about itself: a phase that began, or its end. */
export type Moment =
  | { readonly kind: 'phase'; readonly phase: string; readonly eventId: number }
  | { readonly kind: 'closed' };

const LOOK_AGAIN_MS = 100;

/**
 * Phases of a run as its history grows, by long polls: seen within milliseconds of the event. A server that is killed meanwhile is
 * asked again from the event that was seen last.
 */
export async function* momentsOf(client: Client, workflowId: string, signal: AbortSignal): AsyncGenerator<Moment> {
  let last = 0;
  let phase = '';
  let token: Uint8Array | undefined;
  while (!signal.aborted) {
    const question = {
      namespace: 'default',
      execution: { workflowId },
      waitNewEvent: true,
      ...(token === undefined ? {} : { nextPageToken: token }),
    };
    const page = await client
      .withAbortSignal(signal, () => client.workflowService.getWorkflowExecutionHistory(question))
      .catch(() => undefined);
    if (page === undefined) {
      token = undefined;
      await wait(LOOK_AGAIN_MS);
      continue;
    }
    token = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
    for (const event of page.history?.events ?? []) {
      const eventId = Number(event.eventId);
      if (eventId <= last) continue;
      last = eventId;
      const begun = phaseIn(event);
      if (begun !== undefined && begun !== phase) {
        phase = begun;
        yield { kind: 'phase', phase, eventId };
      }
      if (closes(event)) {
        yield { kind: 'closed' };
        return;
      }
    }
  }
}

/** The phase that a run is in now, and whether it is over: one look, no waiting. */
export async function phaseNow(
  client: Client,
  workflowId: string,
): Promise<{ readonly phase: string; readonly closed: boolean }> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const phases = (events ?? []).flatMap((event) => phaseIn(event) ?? []);
  const closed = (events ?? []).some(closes);
  return { phase: phases.at(-1) ?? '', closed };
}

function phaseIn(event: HistoryEvent): string | undefined {
  const attributes =
    event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes ??
    event.workflowExecutionStartedEventAttributes?.searchAttributes;
  const data = attributes?.indexedFields?.['Phase']?.data;
  if (data === undefined || data === null || data.length === 0) return undefined;
  const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
  return String(Array.isArray(value) ? value[0] : value);
}

const closes = (event: HistoryEvent): boolean =>
  [
    event.workflowExecutionCompletedEventAttributes,
    event.workflowExecutionFailedEventAttributes,
    event.workflowExecutionTimedOutEventAttributes,
    event.workflowExecutionTerminatedEventAttributes,
    event.workflowExecutionCanceledEventAttributes,
    event.workflowExecutionContinuedAsNewEventAttributes,
  ].some((attributes) => attributes !== undefined && attributes !== null);
