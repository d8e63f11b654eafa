import { NativeConnection, Worker } from '@temporalio/worker';
import type { NetworkGenesis } from '../domain/network/network.ts';
import { activitiesOn, COMMITTEE, emptyStage } from '../test/workflow/rig/playbooks.ts';
import { bundleOfRun } from '../test/workflow/rig/rig.ts';
import { type TestWorld, testWorld } from '../test/workflow/rig/world.ts';
import { TAKEOVER_OPTIONS } from '../workers/engine.ts';
import { countRefusals } from '../workers/sinks.ts';
import { type Engine } from './engine.ts';
import { quietRuntime } from './runtime.ts';

export const STAGE_QUEUE = 'bench-stage';

export type OnStage = { readonly world: TestWorld; readonly activities: ReturnType<typeof activitiesOn> };

/** One worker in this process with the real workflows; its actions only write down that they were done. */
export async function withStage<T>(
  { address }: Engine,
  committee: NetworkGenesis['committee'] | undefined,
  work: (stage: OnStage) => Promise<T>,
): Promise<T> {
  quietRuntime();
  const world = await testWorld({ pinned: { committee: committee ?? COMMITTEE } });
  const connection = await NativeConnection.connect({ address });
  try {
    const activities = activitiesOn(world, emptyStage());
    const worker = await Worker.create({
      connection,
      taskQueue: STAGE_QUEUE,
      workflowBundle: await bundleOfRun(),
      activities,
      sinks: countRefusals(() => undefined),
      ...TAKEOVER_OPTIONS,
    });
    return await worker.runUntil(() => work({ world, activities }));
  } finally {
    await connection.close();
    await world.stop();
  }
}
