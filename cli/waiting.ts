import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import { type Progress, progressQuery } from '../workflows/lib/progress.ts';
import { paint, type Screen } from './screen.ts';

const POLL_MS = 1_000;
/** A look that takes longer is given up, and none may outlive the waiting. */
const LOOK_MS = 5_000;
/** gRPC: the server is not there. The SDK has asked for twenty seconds by itself when it says so. */
const UNAVAILABLE = 14;
/** A restart takes seconds; after some five minutes a person should look. */
const OUTAGES_MAX = 15;
/** A question that was held for so long had an engine that answered: what follows is another outage. */
const HELD_MS = 60_000;

type Waited = Pick<WorkflowHandle, 'result' | 'query'> & {
  readonly client: Pick<WorkflowHandle['client'], 'withDeadline'>;
};

/**
 * Waits for a process and says in a line each time it moves on. The process does not need us: whoever interrupts this
 * stops the waiting, not the process. An engine that restarts meanwhile is waited for.
 */
export async function waitForResult<T>(screen: Screen | undefined, handle: Waited): Promise<T> {
  const over = new AbortController();
  const looking = screen === undefined ? undefined : followOn(screen, handle, over.signal);
  try {
    return await resultThroughOutages<T>(screen, handle);
  } finally {
    over.abort();
    // The connection is closed next, and the SDK cannot bear that while a question waits to be repeated: it throws "Channel has been
    // shut down" out of a timer, where nobody can catch it.
    await looking;
  }
}

async function followOn(screen: Screen, handle: Waited, over: AbortSignal): Promise<void> {
  let said = '';
  while (!over.aborted) {
    await pause(POLL_MS, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    const line = await handle.client
      .withDeadline(Date.now() + LOOK_MS, () => handle.query(progressQuery))
      .then(progressLine, () => said); // a busy worker answers the next time
    if (line !== said && !over.aborted) screen.out(`${paint(screen, 'quiet', line)}\n`);
    said = line;
  }
}

async function resultThroughOutages<T>(screen: Screen | undefined, handle: Waited): Promise<T> {
  for (let outages = 1; ; outages += 1) {
    const askedAtMs = Date.now();
    try {
      return (await handle.result()) as T;
    } catch (error) {
      if (Date.now() - askedAtMs > HELD_MS) outages = 1;
      if (!isOutage(error) || outages > OUTAGES_MAX) throw error;
      if (outages === 1) screen?.out('Temporal does not answer; the process is kept there, and we wait for both\n');
      await pause(POLL_MS);
    }
  }
}

const isOutage = (error: unknown): boolean =>
  error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === UNAVAILABLE;

export function progressLine(progress: Progress): string {
  const counted = progress.need > 0 ? ` ${progress.have} of ${progress.need}` : '';
  return `${progress.phase}${counted}: ${progress.next}`;
}
