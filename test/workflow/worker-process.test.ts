import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { GENERATE_KEY, startGenerateKey } from '../../workflows/generate-key/messages.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { RETENTION_DAYS } from '../../workflows/settings.ts';
import { testNetwork } from './rig/network.ts';
import { eventually } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'workers', 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'worker-process-'));
const children: ChildProcess[] = [];
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  env = await startServer();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await stopServer(env);
  rmSync(folder, { recursive: true, force: true });
});

/** A coordinator whose validators are all away: what it needs to start, and nothing that answers. */
async function configuration(): Promise<{ file: string; health: string; metrics: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const identity = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  writeFileSync(join(folder, 'identity.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const { genesis } = testNetwork(3, 5);
  writeFileSync(join(folder, 'network.json'), JSON.stringify({ ...genesis, coordinators: [identity] }));
  const port = await loopbackPort();
  const file = join(folder, 'coordinator.toml');
  const sections = [
    `[temporal]\naddress = "${env.address}"`,
    '[network]\ngenesis_file = "network.json"\nidentity_file = "identity.key"',
    '[bitcoin]\nuse = "memory"',
    `[metrics]\nport = ${port}`,
  ];
  writeFileSync(file, `${sections.join('\n\n')}\n`);
  return { file, health: `http://127.0.0.1:${port}/health`, metrics: `http://127.0.0.1:${port}/metrics` };
}

function launch(file: string): { readonly child: ChildProcess; readonly exit: Promise<number | null>; log(): string } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, '--config', file]);
  children.push(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return { child, log: () => log, exit: new Promise((resolve) => child.once('exit', (code) => resolve(code))) };
}

const isReady = async (url: string): Promise<boolean> => {
  const answer = await fetch(url).catch(() => undefined);
  return answer?.status === 200;
};

test('a worker starts from its file, works, is replaced after SIGKILL, and stops on request', async () => {
  const { file, health, metrics } = await configuration();
  const first = launch(file);
  await eventually('the worker is ready', () => isReady(health)).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${first.log()}`);
  });
  const keygen = await env.client.workflow.start(
    GENERATE_KEY,
    startGenerateKey({ network: 'test-network', epoch: 1, purpose: 'test', roundSeconds: 60, attemptsMax: 1 }),
  );
  await eventually('all five are missing', async () => (await keygen.query(progressQuery)).missing.length === 5);
  expect(await (await fetch(metrics)).text()).toContain(
    'firebreak_activity_attempts_total{activity="proposeKey",outcome="done",code="none"} 1',
  );
  first.child.kill('SIGKILL');
  await first.exit;

  const second = launch(file);
  await eventually('its successor is ready', () => isReady(health));
  await eventually('the activity is taken over', async () => {
    const text = await (await fetch(metrics)).text();
    return text.includes('firebreak_activity_takeovers_total{activity="askKeygenRound"}');
  });
  await keygen.terminate('the test is over');

  const { config } = await env.client.workflowService.describeNamespace({ namespace: 'default' });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(RETENTION_DAYS * 86_400);
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(0);
  expect(second.log()).toContain('worker is stopped');
  expect(readFileSync(join(folder, 'identity.key'), 'utf8').includes('PRIVATE KEY')).toBe(true);
  expect(first.log() + second.log()).not.toContain('PRIVATE KEY');
});
