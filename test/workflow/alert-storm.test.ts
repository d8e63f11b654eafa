import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { apiToml } from '../../api/config/write.ts';
import { alertmanagerBody, asAlertmanager, asScript, SECRET, TOKEN } from '../../api/testkit/delivering.ts';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { temporalArguments } from '../../workers/server.ts';
import { RECORD_ALERT, recordAlertId } from '../../workflows/record-alert/messages.ts';
import { eventually } from './rig/rig.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'alert-storm-'));
const children = new Set<ChildProcess>();
/** After the storm nothing is started again. */
let over = false;
afterAll(async () => {
  over = true;
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process that is there again whenever it was killed, until the storm is over. */
function keepUp(start: () => ChildProcess): { kill(): void } {
  let child: ChildProcess;
  const up = (): void => {
    child = start();
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      if (!over) setTimeout(up, RESTART_MS);
    });
  };
  up();
  return { kill: () => void child.kill('SIGKILL') };
}
const RESTART_MS = 50;
const ALERTS = 120;
const KILLS_MIN = 6;
/** By what was taken and not by a clock: on a busy machine a process would be killed again and again before it is up. */
const TAKEN_BETWEEN_KILLS = { api: 30, temporal: 70 };
/** A sender gives up only when the test does. */
const TRIES_MAX = 200;
const STARTED = '2026-11-24T20:00:00Z';

test('alerts that are delivered while api and Temporal are killed are recorded exactly once each', async () => {
  const [port, uiPort, httpPort, metricsPort] = [
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
  ];
  const [apiPort, statusPort] = [await loopbackPort(), await loopbackPort()];
  mkdirSync(join(folder, 'secrets'));
  for (const [name, secret] of [
    ['prometheus', TOKEN],
    ['scripts', SECRET],
  ] as const)
    writeFileSync(join(folder, 'secrets', `${name}.secret`), secret, { mode: 0o400 });
  const config = join(folder, 'api.toml');
  const facts = {
    network: 'laptop',
    temporal: `127.0.0.1:${port}`,
    playbooks: join(ROOT, 'playbooks'),
    port: apiPort,
    metricsPort: statusPort,
  };
  writeFileSync(config, apiToml(facts).replaceAll('networks =', 'deliveries_per_minute = 100000\nnetworks ='));
  const temporal = await toolPath('temporal');
  const databaseFile = join(folder, 'temporal.sqlite');
  const server = keepUp(() =>
    spawn(temporal, temporalArguments({ port, uiPort, httpPort, metricsPort, databaseFile }), { stdio: 'ignore' }),
  );
  const api = keepUp(() =>
    spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(ROOT, 'api', 'main.ts'), 'run', '--config', config],
      { stdio: 'ignore' },
    ),
  );
  const url = `http://127.0.0.1:${apiPort}`;
  await eventually(
    'the api takes alerts',
    async () => (await fetch(`http://127.0.0.1:${statusPort}/health`).catch(() => undefined))?.status === 200,
  );

  let killed = 0;
  let taken = 0;
  /** Eleven other deliveries are under way when it strikes. */
  const strike = (): void => {
    taken += 1;
    for (const [name, target] of [
      ['api', api],
      ['temporal', server],
    ] as const) {
      if (taken % TAKEN_BETWEEN_KILLS[name] !== 0) continue;
      target.kill();
      killed += 1;
    }
  };
  const seen = new Map<string, number>();
  const deliver = async (n: number): Promise<void> => {
    const alert = { id: `storm-${n}`, name: 'Strange', startedAt: STARTED };
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const sent = n % 2 === 0 ? asAlertmanager(url, alertmanagerBody([alert])) : asScript(url, [alert]);
      const status = (await sent.catch(() => undefined))?.status ?? 0;
      seen.set(String(status), (seen.get(String(status)) ?? 0) + 1);
      if (status === 200) return strike();
      await new Promise((resolve) => setTimeout(resolve, 100 + (attempt % 7) * 40));
    }
    throw new Error(`storm-${n} was never taken: ${JSON.stringify([...seen])}`);
  };
  const deliveries = Array.from({ length: ALERTS }, (_unused, n) =>
    Array.from({ length: 1 + ((n * 7) % 5) }, () => n),
  ).flat();
  for (let at = 0; at < deliveries.length; at += 12) await Promise.all(deliveries.slice(at, at + 12).map(deliver));
  const client = new Client({ connection: await connected(port) });
  const startedAtMs = Date.parse(STARTED);
  const expected = Array.from({ length: ALERTS }, (_unused, n) =>
    recordAlertId({ source: n % 2 === 0 ? 'prometheus' : 'scripts', fingerprint: `storm-${n}`, startedAtMs }),
  ).sort();
  const recorded = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowType = '${RECORD_ALERT}'` }))
      ids.push(run.workflowId);
    return ids.sort();
  };
  await eventually('all are visible', async () => (await recorded().catch(() => [])).length >= ALERTS);
  expect(await recorded()).toEqual(expected);
  // It was a storm: processes died, senders were sent away, and yet all were taken.
  expect(killed).toBeGreaterThanOrEqual(KILLS_MIN);
  expect(Number(seen.get('503') ?? 0) + Number(seen.get('0') ?? 0)).toBeGreaterThan(0);
  await client.connection.close();
}, 180_000);

async function connected(port: number): Promise<Connection> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: '2s' });
    } catch (error) {
      if (attempt > 10) throw error;
    }
  }
}
