import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { TAKEOVER_OPTIONS } from '../workers/engine.ts';
import { spanMs } from './history.ts';
import { quietRuntime } from './runtime.ts';

const activities = { nothing: async (): Promise<void> => undefined };
export type EmptyActivities = typeof activities;

const TASK_QUEUE = 'bench-empty';
const RESULT_MS = 60_000;

/** Runs a worker of our own beside those of the network for the length of `work`, with the same settings. */
export async function withEmptyWorker<T>(address: string, work: () => Promise<T>): Promise<T> {
  quietRuntime();
  const workflowsPath = fileURLToPath(new URL('./empty-workflow.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const connection = await NativeConnection.connect({ address });
  try {
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      activities,
      ...TAKEOVER_OPTIONS,
    });
    return await worker.runUntil(work);
  } finally {
    await connection.close();
  }
}

/** Milliseconds from the first of `count` empty activities being scheduled to the last one's completion. */
export async function emptyActivitiesMs(client: Client, count: number, run: number): Promise<number> {
  const handle = await client.workflow.start('emptyActivities', {
    workflowId: `bench/emptyActivities/${run}`,
    taskQueue: TASK_QUEUE,
    args: [count],
    workflowTaskTimeout: '3 seconds',
    workflowExecutionTimeout: RESULT_MS,
  });
  await handle.result();
  return spanMs(await handle.fetchHistory(), 'nothing', 'nothing');
}
