import { afterAll, beforeAll } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { activitiesOn, COMMITTEE, emptyStage, planOf, type Stage, type Started, startRun } from './playbooks.ts';
import { startWorker, type WorkerChoices } from './rig.ts';
import { startServer, stopServer } from './server.ts';
import { type AgentsOf, type TestWorld, testWorld } from './world.ts';

/** What the tests of one file share, from before the first to after the last of them. */
export type OnStage = {
  readonly env: TestWorkflowEnvironment;
  readonly world: TestWorld;
  readonly stage: Stage;
  readonly taskQueue: string;
  /** A run of these steps, below this head of the playbook. */
  readonly start: (steps: string, head?: string) => Promise<Started>;
};

type Made = Pick<OnStage, 'env' | 'world'> & { worker: Awaited<ReturnType<typeof startWorker>> };

/** A server, a network whose committee can vote, and one worker whose actions happen on a stage; all are given back at the end. */
export function onStage(
  choices: { readonly agents?: AgentsOf; readonly committeeLookMs?: number; readonly worker?: WorkerChoices } = {},
): OnStage {
  const { worker: workerChoices, ...ofWorld } = choices;
  const stage = emptyStage();
  let made: Partial<Made> = {};
  beforeAll(async () => {
    const env = await startServer();
    made = { env };
    const world = await testWorld({ pinned: { committee: COMMITTEE }, ...ofWorld });
    made = { env, world };
    made = { env, world, worker: await startWorker(env, { activities: activitiesOn(world, stage) }, workerChoices) };
  }, 120_000);
  afterAll(async () => {
    await made.worker?.stop();
    await made.world?.stop();
    await stopServer(made.env);
  });
  const now = (): Made => {
    const { env, world, worker } = made;
    if (env === undefined || world === undefined || worker === undefined) throw new Error('before the first test');
    return { env, world, worker };
  };
  return {
    stage,
    get env() {
      return now().env;
    },
    get world() {
      return now().world;
    },
    get taskQueue() {
      return now().worker.taskQueue;
    },
    start: (steps, head = '') => {
      const { env, world, worker } = now();
      return startRun(env.client, world, worker.taskQueue, planOf(steps, head));
    },
  };
}
