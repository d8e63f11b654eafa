import type { Client } from '@temporalio/client';

/** The attempt that a workflow waits for, as Temporal sees it; times in Unix milliseconds by the server's clock. */
export type PendingAttempt = {
  /** Process id of the worker that runs it. */
  readonly pid: number;
  readonly startedAtMs: number;
  /** undefined before this attempt's first heartbeat. */
  readonly beatAtMs: number | undefined;
};

type Time = { readonly seconds?: unknown; readonly nanos?: number | null };
export type PendingActivity = {
  readonly lastWorkerIdentity?: string | null;
  readonly lastStartedTime?: Time | null;
  readonly lastHeartbeatTime?: Time | null | undefined;
};

/** The one started attempt of this workflow; undefined when none is running. */
export async function pendingAttempt(client: Client, workflowId: string): Promise<PendingAttempt | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  for (const activity of raw.pendingActivities ?? []) {
    const attempt = attemptOf(activity);
    if (attempt !== undefined) return attempt;
  }
  return undefined;
}

/**
 * The server keeps the last heartbeat of an earlier attempt, and sets it to the start of a new one: only a later time is a
 * heartbeat of this attempt. The identity of a worker ends with its process id (`workers/engine.ts`).
 */
export function attemptOf(activity: PendingActivity): PendingAttempt | undefined {
  const pid = Number(/(\d+)$/.exec(activity.lastWorkerIdentity ?? '')?.[1]);
  const startedAtMs = timeMs(activity.lastStartedTime);
  if (!Number.isInteger(pid) || startedAtMs === undefined) return undefined;
  const beat = timeMs(activity.lastHeartbeatTime);
  return { pid, startedAtMs, beatAtMs: beat !== undefined && beat > startedAtMs ? beat : undefined };
}

function timeMs(time: Time | null | undefined): number | undefined {
  return time ? Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6 : undefined;
}
