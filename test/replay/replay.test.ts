import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { cachedBundle } from '../../workers/bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Kept in the repository: runs of earlier builds must replay in this one. */
const GOLDEN = join(import.meta.dirname, 'histories');
/** Written by the workflow tests of this checkout: every closed execution. */
const FRESH = join(ROOT, '.firebreak', 'histories');

Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
afterAll(() => Runtime.instance().shutdown());

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => []))
    .filter((name) => /\.json(\.gz)?$/.test(name))
    .map((name) => join(folder, name));

/** Long histories are kept packed: a run of a thousand events is 800 kB of text. */
async function historyIn(file: string): Promise<{ readonly events: readonly Record<string, unknown>[] }> {
  const bytes = await readFile(file);
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

/** Under the name that the process had: those of its children are made from it. */
async function replay(history: Awaited<ReturnType<typeof historyIn>>): Promise<void> {
  const workflowBundle = { codePath: await cachedBundle() };
  const begun = history.events[0]?.['workflowExecutionStartedEventAttributes'] as { workflowId?: string } | undefined;
  await Worker.runReplayHistory({ workflowBundle, replayName: 'replay' }, historyFromJSON(history), begun?.workflowId);
}

const golden = await namesIn(GOLDEN);
const fresh = await namesIn(FRESH);

const PROCESSES = [
  'generate-key',
  'open-vault',
  'confirm-deposit',
  'pay-out',
  'record-alert',
  'answer-alerts',
  'run-playbook',
  'incident',
  'sweep-vault.',
  'sweep-vaults',
];

test('there is a golden history of every process', () => {
  for (const process of PROCESSES) {
    expect(golden.some((name) => name.includes(process))).toBe(true);
  }
});

test('a golden watch that grew too long goes on in another golden run', async () => {
  const before = await historyIn(golden.find((name) => name.includes('before-continuing')) ?? '');
  const after = await historyIn(golden.find((name) => name.includes('after-continuing')) ?? '');
  const end = before.events.at(-1)?.['workflowExecutionContinuedAsNewEventAttributes'] as { newExecutionRunId: string };
  const begin = after.events[0]?.['workflowExecutionStartedEventAttributes'] as { originalExecutionRunId: string };
  expect(begin.originalExecutionRunId).toBe(end.newExecutionRunId);
});

for (const name of [...golden, ...fresh]) {
  test(`${name.slice(ROOT.length + 1)} replays`, async () => {
    await replay(await historyIn(name));
  });
}

test('a history that this code would not have written is refused', async () => {
  const text = await readFile(golden.find((name) => name.includes('pay-out')) ?? '', 'utf8');
  const changed = text.replaceAll('"planPayout"', '"planSomethingElse"');
  expect(changed).not.toBe(text);
  await expect(replay(JSON.parse(changed))).rejects.toThrow(DeterminismViolationError);
});
