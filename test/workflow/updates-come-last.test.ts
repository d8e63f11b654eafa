import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { coresdk } from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { VMWorkflowCreator } from '@temporalio/worker/lib/workflow/vm.js';
import type { WorkflowInfo } from '@temporalio/workflow';

/**
 * The engine hands a workflow what happened in activations. Which facts share one depends on whether the worker remembers the run
 * (https://github.com/temporalio/sdk-rust/issues/1146): here a workflow is given the same facts in both ways.
 */
type Job = coresdk.workflow_activation.IWorkflowActivationJob;
type Command = coresdk.workflow_commands.IWorkflowCommand;
const BUNDLING_MS = 120_000;
const SHORT = 3;
const LONG = 1_001;
let creator: VMWorkflowCreator;
let runs = 0;

beforeAll(async () => {
  const workflowsPath = join(import.meta.dirname, 'rig', 'telling-workflow.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  creator = await VMWorkflowCreator.create(parseWorkflowCode(code), 10_000, new Set());
}, BUNDLING_MS);
afterAll(() => creator.destroy());

const bytes = (text: string) => new TextEncoder().encode(text);
const word = (id: string, said = 7): Job => ({
  doUpdate: {
    id,
    protocolInstanceId: id,
    name: 'heard',
    input: [{ metadata: { encoding: bytes('json/plain') }, data: bytes(String(said)) }],
    runValidator: true,
  },
});
const arrived: Job = { resolveSignalExternalWorkflow: { seq: 1 } };

/** What the workflow asks the engine for, in order, when the facts come as one activation after another. */
async function asks(
  workflowType: string,
  facts: readonly (readonly Job[])[],
  historyLength = SHORT,
): Promise<readonly string[]> {
  runs += 1;
  const runId = `run-${runs}`;
  const info = {
    workflowType,
    workflowId: 'told',
    runId,
    namespace: 'default',
    taskQueue: 'none',
    searchAttributes: {},
    historyLength: SHORT,
    unsafe: { now: () => Date.now(), isReplaying: false },
  } as unknown as WorkflowInfo;
  const workflow = await creator.createWorkflow({ info, randomnessSeed: [1], now: 0, showStackTraceSources: false });
  const begin: Job = { initializeWorkflow: { workflowId: 'told', workflowType, arguments: [] } };
  const asked: string[] = [];
  for (const [at, jobs] of [[begin], ...facts].entries()) {
    const activation = coresdk.workflow_activation.WorkflowActivation.fromObject({
      runId,
      timestamp: { seconds: 1 },
      isReplaying: false,
      historyLength: at === 0 ? SHORT : historyLength,
      jobs,
    });
    const { successful, failed } = await workflow.activate(activation);
    if (successful === null || successful === undefined) throw new Error(failed?.failure?.message ?? 'no commands');
    asked.push(...(successful.commands ?? []).map(nameOf));
  }
  await workflow.dispose();
  return asked;
}

/** Of an answer to an update also which one and what it says; of a new execution what it is given. */
function nameOf(command: Command): string {
  const { updateResponse: said, continueAsNewWorkflowExecution: anew } = command;
  if (said) {
    const failure = said.rejected?.message ?? '';
    return `${said.protocolInstanceId} ${said.accepted ? 'accepted' : said.completed ? 'completed' : `failed: ${failure}`}`;
  }
  if (anew) return `anew with ${Buffer.from(anew.arguments?.[0]?.data ?? []).toString()}`;
  const fields = Object.keys(JSON.parse(JSON.stringify(command)) as object);
  return fields.find((field) => field !== 'userMetadata' && field !== 'eventGroupMarkers') ?? '';
}

test('an update asks for the same whether the answers of effects come with it or before it', async () => {
  const together = await asks('tellingInTheEnd', [[word('one'), arrived]]);
  expect(together.filter((command) => command === 'signalExternalWorkflowExecution')).toHaveLength(2);
  expect(together).toContain('modifyWorkflowProperties');
  expect(together).toEqual(await asks('tellingInTheEnd', [[arrived], [word('one')]]));
});

test('one that is carried out at once does not: its history cannot be replayed', async () => {
  const together = await asks('tellingAtOnce', [[word('one'), arrived]]);
  expect(together).not.toEqual(await asks('tellingAtOnce', [[arrived], [word('one')]]));
});

test('an accepted update is carried out before another execution takes over, and what it said goes along', async () => {
  const asked = await asks('tellingInTheEnd', [[word('one')]], LONG);
  expect(asked).toContain('one accepted');
  expect(asked.slice(-2)).toEqual(['one completed', 'anew with 2']);
});

test('a second copy in the same moment is refused before it is accepted', async () => {
  const asked = await asks('tellingInTheEnd', [[word('one'), word('two')]]);
  expect(asked).toContain('one completed');
  expect(asked).not.toContain('two accepted');
  expect(asked.find((said) => said.startsWith('two failed'))).toContain('the same was said a moment ago');
});

test('of two that exclude each other the second fails when its turn comes', async () => {
  const asked = await asks('tellingInTheEnd', [[word('one', 7), word('two', 8)]]);
  expect(asked).toContain('one completed');
  expect(asked).toContain('two accepted');
  expect(asked).toContain('two failed: there is no room');
});
