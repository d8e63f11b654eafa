import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { folder as folderBlobs } from '../../plugins/blob/folder/index.ts';
import { type HttpPeer, httpPeer } from '../../plugins/testkit/http-peer.ts';
import { DEFAULT_TASK_QUEUE } from '../../workflows/settings.ts';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { planOf, startRun } from './rig/playbooks.ts';
import { startServer, stopServer } from './rig/server.ts';
import { workerProcesses } from './rig/worker-processes.ts';

/** What an operator has who followed docs/plugins/notifier.md: its file beside coordinator.toml, and Firebreak linked. */
const folder = mkdtempSync(join(tmpdir(), 'third-party-'));
const guide = readFileSync(join(projectFolder, 'docs', 'plugins', 'notifier.md'), 'utf8');
writeFileSync(join(folder, 'ntfy.ts'), /```ts\n([^]*?)```/.exec(guide)?.[1] ?? '');
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
mkdirSync(join(folder, 'node_modules'));
symlinkSync(projectFolder, join(folder, 'node_modules', 'firebreak'), 'dir');
const workers = workerProcesses(folder);

let env: TestWorkflowEnvironment;
let peer: HttpPeer | undefined;
beforeAll(async () => {
  env = await startServer();
});
afterAll(async () => {
  workers.kill();
  await peer?.close();
  await stopServer(env);
  rmSync(folder, { recursive: true, force: true });
});

type Push = { readonly topic: string; readonly title: string };

test('a playbook tells people over the notifier of the guide, loaded by a real worker from the path in its file', async () => {
  const pushes: Push[] = [];
  const well = { status: 200, body: { id: 'x' } };
  peer = await httpPeer(
    ({ body }) => {
      pushes.push(JSON.parse(body) as Push);
      return well;
    },
    { throttling: well, broken: well, refusing: well, locked: well },
  );
  const channel = `[channels.pager]\nuse = "./ntfy.ts"\nurl = "${peer.url}"\ntopic = "oncall"`;
  const worker = await workers.launch(env.address, [channel]);
  const blobs = folderBlobs({ folder: 'blobs' })({ dir: folder });
  const plan = planOf('- { id: tell, summary: Tell, notify: { channels: [pager], message: "Look at the vault" } }');
  const handle = await startRun(env.client, { deps: { genesis: workers.genesis, blobs } }, DEFAULT_TASK_QUEUE, plan);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(pushes).toMatchObject([{ topic: 'oncall', title: '[EXERCISE] [SEV2] Look at the vault' }]);
  worker.child.kill('SIGTERM');
  await worker.exit;
});
