import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../../../activities/activities.ts';
import { cachedBundle } from '../../../workers/bundle.ts';
import { TAKEOVER_OPTIONS } from '../../../workers/engine.ts';
import { countRefusals } from '../../../workers/sinks.ts';
import { HISTORY_EVENTS_MAX } from '../../../workflows/settings.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Git-ignored; the replay tests read what is here. */
export const HISTORIES: string = join(ROOT, '.firebreak', 'histories');

let queues = 0;
let written = 0;

let bundle: Promise<{ readonly code: string }> | undefined;
/** Read once: all workers of a test file run the same code, whatever is edited meanwhile. */
export const bundleOfRun = (): Promise<{ readonly code: string }> =>
  (bundle ??= cachedBundle().then(async (path) => ({ code: await readFile(path, 'utf8') })));

export type WorkerChoices = {
  readonly maxCachedWorkflows?: number;
  readonly taskQueue?: string;
  readonly interceptors?: WorkerOptions['interceptors'];
  /** Told of every message that a run refused. */
  readonly onRefused?: (message: string, code: string) => void;
};

/** A worker on a queue of its own around the activities of one world, or around scripted ones. */
export async function startWorker(
  env: TestWorkflowEnvironment,
  world: { readonly activities: Partial<Activities> },
  options: WorkerChoices = {},
): Promise<{ readonly taskQueue: string; stop(): Promise<void> }> {
  queues += 1;
  const taskQueue = options.taskQueue ?? `test-${process.pid}-${queues}`;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    taskQueue,
    workflowBundle: await bundleOfRun(),
    activities: world.activities,
    sinks: countRefusals(options.onRefused ?? (() => undefined)),
    maxCachedWorkflows: options.maxCachedWorkflows ?? 50,
    ...(options.interceptors === undefined ? {} : { interceptors: options.interceptors }),
    ...TAKEOVER_OPTIONS,
    shutdownGraceTime: '100 milliseconds',
    shutdownForceTime: '2 seconds',
  });
  const running = worker.run();
  running.catch(() => undefined);
  return {
    taskQueue,
    stop: async () => {
      // A scene that stopped it and failed afterwards says so itself.
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running.catch(unlessForced);
    },
  };
}

/** The SDK's own complaint when a shutdown that took too long, as on a busy machine, is forced while a workflow is still in its cache. */
function unlessForced(error: unknown): void {
  if (!String(error).includes('context should have been disposed first')) throw error;
}

/** Every closed execution is kept for the replay tests, and none may have grown too long. */
export async function keepHistory(handle: WorkflowHandle, scenario: string): Promise<number> {
  const history = await handle.fetchHistory();
  const events = history.events?.length ?? 0;
  if (events > HISTORY_EVENTS_MAX) throw new Error(`${handle.workflowId} has ${events} events`);
  for (const event of history.events ?? []) {
    const effect = event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes;
    const beats = event.activityTaskScheduledEventAttributes?.heartbeatTimeout !== null;
    const summary = event.userMetadata?.summary;
    if (effect && (!beats || !summary))
      throw new Error(`event ${String(event.eventId)} has no summary or no heartbeat`);
  }
  await mkdir(HISTORIES, { recursive: true });
  const anonymous = historyToJSON(history).replaceAll(/"identity": *"[^"]*"/g, '"identity": "test"');
  // A scenario runs in several ways side by side; whichever ends last is kept, and whole.
  const unfinished = join(HISTORIES, `${scenario}.${(written += 1)}`);
  await writeFile(unfinished, anonymous);
  await rename(unfinished, join(HISTORIES, `${scenario}.json`));
  return events;
}

/** Polls a condition of the outside; the deadline only bounds a broken test. */
export async function eventually(what: string, look: () => Promise<boolean>, withinMs = 90_000): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!(await look())) {
    if (Date.now() > untilMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
