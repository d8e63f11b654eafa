import type { Client, WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type Run = NonNullable<History['events']>;

const RUNS_MAX = 20;

/** The events of a process, run by run: each one after the first began where the one before continued as new. */
export async function runsOf(
  client: Client,
  { workflowId, firstExecutionRunId }: WorkflowHandleWithFirstExecutionRunId,
): Promise<readonly Run[]> {
  const runs: Run[] = [];
  let runId: string | null | undefined = firstExecutionRunId;
  while (runId) {
    if (runs.length === RUNS_MAX) throw new Error(`${workflowId} has more than ${RUNS_MAX} runs`);
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push(events ?? []);
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}
