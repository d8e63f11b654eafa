import { setTimeout as wait } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';

/** Asks the workflow engine again while it is being killed and restarted; a wrong question still fails at once. */
export async function patiently<T>(what: string, timeoutMs: number, ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isOutage(error) || Date.now() > deadline) {
        throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
      await wait(200);
    }
  }
}

/** The result of a run through any number of server restarts. */
export const resultOf = <T>(handle: WorkflowHandle, timeoutMs: number): Promise<T> =>
  patiently(`the result of ${handle.workflowId}`, timeoutMs, async () => {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      // With its signal, the question itself ends too: a forgotten long poll would outlive its connection.
      return (await handle.client.withAbortSignal(late, () => handle.result())) as T;
    } catch (error) {
      if (late.aborted) throw new Error(`it is not over after ${timeoutMs / 1000} s`);
      throw error;
    }
  });

/** gRPC: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN from a connection that broke. */
const OUTAGES: ReadonlySet<number> = new Set([1, 2, 4, 14]);

function isOutage(error: unknown): boolean {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth += 1) {
    if ('code' in each && typeof each.code === 'number' && OUTAGES.has(each.code)) return true;
  }
  return false;
}
