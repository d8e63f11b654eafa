import type { Client } from '@temporalio/client';
import { closes, eventsOf, type HistoryEvent } from './history.ts';

/** What a run said about itself: a phase that began, or its end. */
export type Moment =
  | { readonly kind: 'phase'; readonly phase: string; readonly eventId: number }
  | { readonly kind: 'closed' };

/** Phases of a run as its history grows, seen within milliseconds of the event. */
export async function* momentsOf(client: Client, workflowId: string, signal: AbortSignal): AsyncGenerator<Moment> {
  let phase = '';
  for await (const event of eventsOf(client, workflowId, signal)) {
    const begun = phaseIn(event);
    if (begun !== undefined && begun !== phase) {
      phase = begun;
      yield { kind: 'phase', phase, eventId: Number(event.eventId) };
    }
    if (closes(event)) yield { kind: 'closed' };
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

/** The phase that an event writes down, if any. */
export function phaseIn(event: HistoryEvent): string | undefined {
  const attributes =
    event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes ??
    event.workflowExecutionStartedEventAttributes?.searchAttributes;
  const data = attributes?.indexedFields?.['Phase']?.data;
  if (data === undefined || data === null || data.length === 0) return undefined;
  const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
  return String(Array.isArray(value) ? value[0] : value);
}
