import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { folder as folderBlobs } from '../../plugins/blob/folder/index.ts';
import { stopRun } from '../../workflows/run-playbook/messages.ts';
import { DEFAULT_TASK_QUEUE } from '../../workflows/settings.ts';
import { openApproval, planOf, seen, startRun, vote } from './rig/playbooks.ts';
import { startServer, stopServer } from './rig/server.ts';
import { workerProcesses } from './rig/worker-processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'playbook-killed-'));
const workers = workerProcesses(folder);
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  env = await startServer();
});
afterAll(async () => {
  workers.kill();
  await stopServer(env);
  rmSync(folder, { recursive: true, force: true });
});

const STEPS = `- { id: ask, summary: Ask, timeout: 1h, approval: { class: lift, covers: [lift], question: "Lift it?" } }
- { id: lift, summary: Lift, action: custody.lift, with: { number: 3, reason: of a test }, timeout: 1h, effect: reversible, compensate: { action: custody.freeze, with: { lasts: 1h, reason: back } } }`;

test('a worker process is killed between two votes; its successor counts the ones before and the ones after', async () => {
  const first = await workers.launch(env.address);
  const blobs = folderBlobs({ folder: 'blobs' })({ dir: folder });
  const handle = await startRun(
    env.client,
    { deps: { genesis: workers.genesis, blobs } },
    DEFAULT_TASK_QUEUE,
    planOf(STEPS),
  );
  const asked = await openApproval(handle, 'ask');
  await vote(handle, asked, [0, 1, 2, 3]);
  first.child.kill('SIGKILL');
  await first.exit;
  const second = await workers.launch(env.address);
  expect(await openApproval(handle, 'ask')).toMatchObject({ have: 4, need: 7, request: asked.request });
  await vote(handle, asked, [4, 5, 6]);
  await seen(
    handle,
    'the covered step runs',
    ({ finished, now }) => finished.includes('ask') && now.some(({ step }) => step === 'lift'),
  );
  await handle.executeUpdate(stopRun, { args: [{ by: 'ann', reason: 'the test is over' }] });
  await handle.terminate('the test is over');
  second.child.kill('SIGTERM');
  await second.exit;
});
