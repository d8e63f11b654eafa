import { setTimeout as wait } from 'node:timers/promises';
import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';

const FAILURE_CHARACTERS_MAX = 300;
const ACTIVITIES_SHOWN_MAX = 5;
const DESCRIBE_MS = 5_000;

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

/** The result of a run through any number of server restarts; one that is late is asked what it waits for. */
export const resultOf = <T>(handle: WorkflowHandle, timeoutMs: number): Promise<T> =>
  patiently(`the result of ${handle.workflowId}`, timeoutMs, async () => {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      // With its signal, the question itself ends too: a forgotten long poll would outlive its connection.
      return (await handle.client.withAbortSignal(late, () => handle.result())) as T;
    } catch (error) {
      if (!late.aborted) throw error;
      const asked = handle.client.withDeadline(Date.now() + DESCRIBE_MS, () => handle.describe());
      const doing = await asked.then(doingOf, () => 'the engine does not answer');
      throw new Error(`it is not over after ${timeoutMs / 1000} s: ${doing}`);
    }
  });

/** On one line: the phase of a run, and each activity that it waits for, with its attempt and why the last one failed. */
export function doingOf({ raw, searchAttributes }: WorkflowExecutionDescription): string {
  const phase = `phase ${String(searchAttributes['Phase']?.[0] ?? 'unknown')}`;
  const task = raw.pendingWorkflowTask;
  const decides = task ? [`a workflow task in attempt ${String(task.attempt)} waits for a worker`] : [];
  const activities = (raw.pendingActivities ?? []).slice(0, ACTIVITIES_SHOWN_MAX).map((pending) => {
    const why = pending.lastFailure?.message?.slice(0, FAILURE_CHARACTERS_MAX);
    return [
      `${pending.activityType?.name ?? 'an activity'} in attempt ${String(pending.attempt)}`,
      ...(pending.lastWorkerIdentity ? [`at ${pending.lastWorkerIdentity}`] : []),
      ...(why ? [`after "${why}"`] : []),
    ].join(' ');
  });
  return [phase, ...decides, ...activities].join('; ');
}

/** gRPC: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN from a connection that broke. */
const OUTAGES: ReadonlySet<number> = new Set([1, 2, 4, 14]);

function isOutage(error: unknown): boolean {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth += 1) {
    if ('code' in each && typeof each.code === 'number' && OUTAGES.has(each.code)) return true;
  }
  return false;
}
