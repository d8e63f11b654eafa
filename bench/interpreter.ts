import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { PerformInput } from '../activities/playbook/performing.ts';
import { planOf, startRun } from '../test/workflow/rig/playbooks.ts';
import { TAKEOVER_OPTIONS } from '../workers/engine.ts';
import { WORKFLOW_TASK_TIMEOUT } from '../workflows/settings.ts';
import { type Engine, withEngine } from './engine.ts';
import { spanMs } from './history.ts';
import type { Measure, Setting } from './measure.ts';
import { type OnStage, STAGE_QUEUE, withStage } from './stage.ts';
import { comparePairs, type Pair } from './statistics.ts';

const PAIRS = 9;
const WARM_UP = 2;
const STEPS = 40;
const ACTIVITY = 'performAction';
const HAND_WRITTEN_QUEUE = 'bench-hand-written';

const PLAYBOOK = Array.from(
  { length: STEPS },
  (_unused, at) =>
    `- { id: s${at}, summary: Step ${at}, action: test.note, with: { what: x }, timeout: 1m, effect: none }`,
).join('\n');

export const interpreter: Measure = {
  name: 'interpreter',
  about:
    `A playbook of ${STEPS} actions in sequence whose executor does nothing, on a Temporal server of its own with one worker. Result: from the first action being scheduled to the ` +
    'completion of the last, divided by their number, by the events of the history. Floor: a hand-written workflow (bench/hand-written-workflow.ts) that calls the same activity with ' +
    'the same arguments and options on the same server, its worker in the same process; it neither checks a plan nor shows where it stands.',
  run: (setting) =>
    withEngine(setting, [], (engine) =>
      withStage(engine, undefined, (stage) => withHandWritten(engine, stage, () => compare(setting, engine, stage))),
    ),
};

async function withHandWritten<T>({ address }: Engine, { activities }: OnStage, work: () => Promise<T>): Promise<T> {
  const workflowsPath = fileURLToPath(new URL('./hand-written-workflow.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const connection = await NativeConnection.connect({ address });
  try {
    const queue = { connection, taskQueue: HAND_WRITTEN_QUEUE };
    const worker = await Worker.create({ ...queue, workflowBundle, activities, ...TAKEOVER_OPTIONS });
    return await worker.runUntil(work);
  } finally {
    await connection.close();
  }
}

async function compare({ runs = PAIRS, say, signal }: Setting, { client }: Engine, { world }: OnStage) {
  const loaded = planOf(PLAYBOOK);
  const pairs: Pair[] = [];
  for (let pair = 1 - WARM_UP; pair <= runs; pair += 1) {
    signal.throwIfAborted();
    const run = await startRun(client, world, STAGE_QUEUE, loaded);
    await run.result();
    const history = await run.fetchHistory();
    const floor = await client.workflow.start('handWritten', {
      workflowId: `bench/handWritten/${pair}`,
      taskQueue: HAND_WRITTEN_QUEUE,
      args: [callsOf(history)],
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    });
    await floor.result();
    const each = (of: History): number => spanMs(of, ACTIVITY, ACTIVITY) / STEPS;
    if (pair < 1) continue;
    pairs.push({ result: each(history), floor: each(await floor.fetchHistory()) });
    say(
      `${pair} of ${runs}: ${pairs.at(-1)?.result.toFixed(1)} ms a step, ${pairs.at(-1)?.floor.toFixed(1)} ms by hand`,
    );
  }
  const { result, floor, ratio, ratioQuartiles } = comparePairs(pairs);
  const [low, high] = ratioQuartiles.map((value) => value.toFixed(2));
  return [
    {
      title: 'one step of a playbook',
      unit: 'ms',
      result,
      floor,
      ratio,
      target: { of: 'ratio', max: 1.25 },
      detail: `${pairs.length} pairs of ${STEPS} steps, ratio from ${low} to ${high} (quartiles); floor: the same activity from a hand-written workflow`,
    },
  ] as const;
}

/** What the interpreter asked of its executor, as it stands in the history. */
function callsOf({ events }: History): readonly PerformInput[] {
  const calls = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== ACTIVITY) return [];
    const payload = scheduled.input?.payloads?.[0];
    return payload === undefined || payload === null
      ? []
      : [defaultPayloadConverter.fromPayload<PerformInput>(payload)];
  });
  if (calls.length !== STEPS) throw new Error(`the run asked for ${calls.length} actions, its plan has ${STEPS}`);
  return calls;
}
