import { hostname } from 'node:os';
import { type InjectedSinks, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivityLogger } from '../activities/dependencies.ts';
import type { Activities } from '../activities/activities.ts';
import type { RefusalSinks } from '../workflows/lib/refused.ts';

const CONNECT_PAUSE_MS = 500;

/** What takeover in seconds needs of every worker; measured with kills of real processes. */
export const TAKEOVER_OPTIONS = {
  // So long a run waits for the worker that had it, after the answer of an effect; another one replays it then.
  stickyQueueScheduleToStartTimeout: '500 milliseconds',
  maxHeartbeatThrottleInterval: '400 milliseconds',
  defaultHeartbeatThrottleInterval: '400 milliseconds',
  shutdownGraceTime: '2 seconds',
  shutdownForceTime: '5 seconds',
  // Watches of deposits and settlements mostly sleep; each one holds a slot.
  maxConcurrentActivityTaskExecutions: 500,
} as const satisfies Partial<WorkerOptions>;

export type EngineAddress = { readonly address: string; readonly tls: boolean; readonly apiKey: string | undefined };

/** Tries until Temporal answers or `signal` says stop: server and workers may start in any order. */
export async function connectEngine(
  engine: EngineAddress,
  logger: ActivityLogger,
  signal: AbortSignal,
): Promise<NativeConnection | undefined> {
  let told = false;
  while (!signal.aborted) {
    try {
      return await NativeConnection.connect({
        address: engine.address,
        tls: engine.tls,
        ...(engine.apiKey === undefined ? {} : { apiKey: engine.apiKey }),
      });
    } catch (error) {
      if (!told) logger.warn({ address: engine.address, err: error }, 'waiting for Temporal');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
    }
  }
  return undefined;
}

export const createWorker = (
  connection: NativeConnection,
  options: {
    readonly namespace: string;
    readonly taskQueue: string;
    readonly bundlePath: string;
    readonly activities: Activities;
    readonly sinks: InjectedSinks<RefusalSinks>;
    readonly cachedWorkflowsMax: number;
  },
): Promise<Worker> =>
  Worker.create({
    connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    workflowBundle: { codePath: options.bundlePath },
    activities: options.activities,
    sinks: options.sinks,
    maxCachedWorkflows: options.cachedWorkflowsMax,
    identity: `${hostname()}/coordinator/${process.pid}`,
    ...TAKEOVER_OPTIONS,
  });
