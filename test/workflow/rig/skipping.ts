import { ApplicationFailure, Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, test } from '@jest/globals';
import type { Activities } from '../../../activities/activities.ts';
import { findTool } from '../../../toolchain/tools.mjs';
import { bundleOfRun } from './rig.ts';
import { runsOf } from './runs.ts';
import { STARTS_MAX, startWithin } from './server.ts';
import { TAKEOVER_OPTIONS } from '../../../workers/engine.ts';
import type { StartOptions } from '../../../workflows/lib/start.ts';
import { type Progress, progressQuery } from '../../../workflows/lib/progress.ts';
import { SEARCH_ATTRIBUTES } from '../../../workflows/settings.ts';

/** Effects that answer from a script; one that is missing here must not be asked for. */
export type Script = Partial<Activities>;

/** One run from its start to its result, by the clock of the server. */
export type Lived<Result> = {
  readonly result: Result;
  readonly tookSeconds: number;
  readonly events: Awaited<ReturnType<typeof runsOf>>[number];
};

export type SkippingServer = {
  /** Unix milliseconds by the server, which is ahead of the real time by all that was skipped. */
  nowMs(): Promise<number>;
  /** Asked from inside a scripted effect: what the page of its run says while it waits for the effect. */
  page(): Promise<Progress>;
  /** Runs one process against the script; hours in which nothing happens pass at once. */
  live<Input, Result>(
    type: string,
    start: (taskQueue: string) => StartOptions<Input>,
    script: Script,
  ): Promise<Lived<Result>>;
};

/** As the API counts the types of search attributes. */
const INDEXED = { Keyword: 2, Int: 3 } as const;
const tool = await findTool('temporal-test-server');
let queues = 0;

/** The Java test server, which skips time while every process only waits; one per suite. */
export function onSkippingServer(): { waiting(title: string, run: (server: SkippingServer) => Promise<void>): void } {
  if (tool === undefined) {
    return { waiting: (title) => test.skip(`${title} (the time-skipping server is not here)`, () => undefined) };
  }
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
    const executable = { type: 'existing-path', path: tool.path } as const;
    env = await startWithin(STARTS_MAX, () => TestWorkflowEnvironment.createTimeSkipping({ server: { executable } }));
    // Without them the server refuses every workflow task, for ever.
    const searchAttributes = Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED[type]]),
    );
    await env.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  }, 120_000);
  afterAll(async () => {
    await env?.teardown();
    await Runtime.instance().shutdown();
  });
  return {
    waiting(title, run) {
      const page = (): Promise<Progress> => {
        const { workflowId } = Context.current().info.workflowExecution ?? {};
        return env.client.workflow.getHandle(workflowId ?? 'none').query(progressQuery);
      };
      const nowMs = (): Promise<number> => env.currentTimeMs();
      test(title, () => run({ nowMs, page, live: (...args) => live(env, ...args) }), 60_000);
    },
  };
}

async function live<Input, Result>(
  env: TestWorkflowEnvironment,
  type: string,
  startOf: (taskQueue: string) => StartOptions<Input>,
  script: Script,
): Promise<Lived<Result>> {
  queues += 1;
  const taskQueue = `waits-${queues}`;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: await bundleOfRun(),
    activities: script,
    ...TAKEOVER_OPTIONS,
    shutdownGraceTime: '100 milliseconds',
    shutdownForceTime: '2 seconds',
  });
  return worker.runUntil(async () => {
    const handle = await env.client.workflow.start(type, startOf(taskQueue));
    const result = (await handle.result()) as Result;
    // By the history: as soon as nothing runs, the server skips to the end of time.
    const events = (await runsOf(env.client, handle)).flat();
    const [begun, ended] = [events.at(0), events.at(-1)].map((event) => Number(event?.eventTime?.seconds));
    return { result, tookSeconds: (ended ?? Number.NaN) - (begun ?? Number.NaN), events };
  });
}

/**
 * A scripted effect that takes as long as its input says and then answers. It asks to be called again after that time instead of
 * sitting there: the server skips the pause between two attempts, and would not wait for a heartbeat while it skips.
 */
export const taking =
  <Input extends { readonly seconds: number }, Output>(answer: (input: Input) => Output | Promise<Output>) =>
  async (input: Input): Promise<Output> => {
    if (Context.current().info.attempt > 1) return answer(input);
    throw ApplicationFailure.create({ message: 'its time passes', nextRetryDelay: input.seconds * 1_000 });
  };
