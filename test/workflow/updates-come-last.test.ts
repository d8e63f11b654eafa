import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowInfo } from '@temporalio/workflow';
import { coresdk } from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { VMWorkflowCreator } from '@temporalio/worker/lib/workflow/vm.js';

/**
 * The engine hands a workflow what happened in activations. Which facts share one depends on whether the worker remembers the run
 * (https://github.com/temporalio/sdk-rust/issues/1146): here each workflow is given the same facts in both ways.
 */
type Job = coresdk.workflow_activation.IWorkflowActivationJob;
const BUNDLING_MS = 120_000;
let creator: VMWorkflowCreator;
let runs = 0;

beforeAll(async () => {
  const workflowsPath = join(import.meta.dirname, 'rig', 'telling-workflow.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  creator = await VMWorkflowCreator.create(parseWorkflowCode(code), 10_000, new Set());
}, BUNDLING_MS);
afterAll(() => creator.destroy());

const word: Job = {
  doUpdate: { id: 'u', protocolInstanceId: 'u', name: 'heard', input: [payload(7)], runValidator: true },
};
const arrived: Job = { resolveSignalExternalWorkflow: { seq: 1 } };

function payload(value: number) {
  return { metadata: { encoding: new TextEncoder().encode('json/plain') }, data: new TextEncoder().encode(`${value}`) };
}

/** What the workflow asks the engine for, in order, when the facts come as one activation after another. */
async function asks(workflowType: string, ...facts: readonly (readonly Job[])[]): Promise<readonly string[]> {
  runs += 1;
  const runId = `run-${runs}`;
  const info = {
    workflowType,
    workflowId: 'told',
    runId,
    namespace: 'default',
    taskQueue: 'none',
    searchAttributes: {},
    historyLength: 3,
    unsafe: { now: () => Date.now(), isReplaying: false },
  } as unknown as WorkflowInfo;
  const workflow = await creator.createWorkflow({ info, randomnessSeed: [1], now: 0, showStackTraceSources: false });
  const begin: Job = { initializeWorkflow: { workflowId: 'told', workflowType, arguments: [] } };
  const asked: string[] = [];
  for (const jobs of [[begin], ...facts]) {
    const activation = coresdk.workflow_activation.WorkflowActivation.fromObject({
      runId,
      timestamp: { seconds: 1 },
      isReplaying: false,
      historyLength: 3,
      jobs,
    });
    const { successful, failed } = await workflow.activate(activation);
    if (successful === null || successful === undefined) throw new Error(failed?.failure?.message ?? 'no commands');
    asked.push(...(successful.commands ?? []).map(nameOf));
  }
  await workflow.dispose();
  return asked;
}

/** Besides it a command says on whose behalf it is, and with which words. */
const nameOf = (command: coresdk.workflow_commands.IWorkflowCommand): string =>
  Object.keys(JSON.parse(JSON.stringify(command)) as object).find(
    (field) => field !== 'userMetadata' && field !== 'eventGroupMarkers',
  ) ?? '';

test('an update asks for the same whether the answers of effects come with it or before it', async () => {
  const together = await asks('tellingInTheEnd', [word, arrived]);
  expect(together.filter((command) => command === 'signalExternalWorkflowExecution')).toHaveLength(2);
  expect(together).toContain('modifyWorkflowProperties');
  expect(together).toEqual(await asks('tellingInTheEnd', [arrived], [word]));
});

test('one that is carried out at once does not: its history cannot be replayed', async () => {
  expect(await asks('tellingAtOnce', [word, arrived])).not.toEqual(await asks('tellingAtOnce', [arrived], [word]));
});
