import { afterAll, beforeAll, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { losingCompletions } from './lost-completions.ts';
import { startWorker, type WorkerChoices } from './rig.ts';
import { startServer, stopServer } from './server.ts';
import { type TestWorld, testWorld } from './world.ts';

export type Scene = { readonly env: TestWorkflowEnvironment; readonly world: TestWorld; readonly taskQueue: string };

/** Ways to run the same processes that must make no difference to how they end. */
const CACHED = 'as usual';
const REPLAYED = 'every workflow task replayed from the start';
const TWICE = 'the first completion of every effect lost';
const WAYS: Readonly<Record<string, () => WorkerChoices>> = {
  [CACHED]: () => ({}),
  [REPLAYED]: () => ({ maxCachedWorkflows: 0 }),
  [TWICE]: () => ({ interceptors: { activity: [losingCompletions(new Map())] } }),
};

/** A server from before the first to after the last test of a file, for tests that share nothing else. */
export function onServerAlone(take: (env: TestWorkflowEnvironment) => void): void {
  let env: TestWorkflowEnvironment | undefined;
  beforeAll(async () => {
    env = await startServer();
    take(env);
  });
  afterAll(() => stopServer(env));
}

/** One server per suite; every scenario has a world and a worker of its own, and runs in every way side by side. */
export function onServer(): {
  scenario(title: string, run: (scene: Scene) => Promise<void>): void;
  /** For scenarios in which something happens only the first time: a repeated effect would not meet it again. */
  onceScenario(title: string, run: (scene: Scene) => Promise<void>): void;
} {
  let env: TestWorkflowEnvironment;
  onServerAlone((started) => {
    env = started;
  });
  const inWays = (title: string, ways: readonly string[], run: (scene: Scene) => Promise<void>): void =>
    test(title, async () => {
      const ends = await Promise.allSettled(ways.map((way) => live(env, WAYS[way]?.() ?? {}, run)));
      const broken = ends.flatMap((end, at) =>
        end.status === 'rejected' ? [new Error(`${ways[at]}: ${String(end.reason)}`, { cause: end.reason })] : [],
      );
      if (broken.length > 0) throw new AggregateError(broken, broken.join('\n'));
    }, 120_000);
  return {
    // With effects once and workflows replayed, and with effects twice and workflows cached: the usual way has nothing beyond these.
    scenario: (title, run) => inWays(title, [REPLAYED, TWICE], run),
    onceScenario: (title, run) => inWays(title, [REPLAYED, CACHED], run),
  };
}

async function live(
  env: TestWorkflowEnvironment,
  choices: WorkerChoices,
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  const world = await testWorld();
  const worker = await startWorker(env, world, choices);
  try {
    await run({ env, world, taskQueue: worker.taskQueue });
  } finally {
    await worker.stop();
    await world.stop();
  }
}
