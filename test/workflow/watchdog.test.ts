import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { stringify } from 'smol-toml';
import { type ApiUnderTest, apiUnderTest } from '../../api/testkit/delivering.ts';
import { askWatchdog, watchdogLine } from '../../cli/status/watchdog.ts';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { countRefusals } from '../../workers/sinks.ts';
import { createLogger } from '../../telemetry/log.ts';
import type { WatchdogConfig } from '../../watchdog/config.ts';
import { watchIncidents } from '../../watchdog/incidents.ts';
import { emptyMemory } from '../../watchdog/memory.ts';
import { temporalArguments } from '../../workers/server.ts';
import { INCIDENT, incidentQuery, startIncident } from '../../workflows/incident/messages.ts';
import { remembered } from './rig/incidents.ts';
import { bundleOfRun, eventually } from './rig/rig.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SECRET = 'secret-of-the-watchdog-0123456789';
const TASK_QUEUE = 'watched';
const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
const children = new Set<ChildProcess>();
Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });

type Said = { readonly event: string; readonly headline: string; readonly thread: string; readonly text: string };
/** Whoever rings at night: takes what is signed with the right secret, and refuses everything else. */
async function receiver(): Promise<{ readonly url: string; readonly said: Said[]; readonly server: Server }> {
  const said: Said[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const at = String(request.headers['firebreak-timestamp']);
      const right = `v1=${createHmac('sha256', SECRET).update(`v1:${at}:`).update(body).digest('hex')}`;
      if (request.headers['firebreak-signature'] !== right) return void response.writeHead(401).end();
      said.push(JSON.parse(body.toString('utf8')) as Said);
      response.writeHead(200).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, said, server };
}

let pager: Awaited<ReturnType<typeof receiver>>;
let siren: Awaited<ReturnType<typeof receiver>>;
let api: ApiUnderTest;
let address = '';
let healthPort = 0;
let temporal: () => ChildProcess;
let server: ChildProcess;
let watchdog: ChildProcess;

function start(file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.add(child);
  return child;
}
const startWatchdog = (): ChildProcess =>
  start(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(ROOT, 'watchdog', 'main.ts'),
    'run',
    '--config',
    join(folder, 'watchdog.toml'),
  ]);
async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
async function connected(): Promise<Connection> {
  let connection: Connection | undefined;
  await eventually('Temporal answers', async () => {
    connection = await Connection.connect({ address, connectTimeout: '2s' }).catch(() => undefined);
    if (connection === undefined) return false;
    return connection.workflowService.describeNamespace({ namespace: 'default' }).then(
      () => true,
      () => false,
    );
  });
  return connection as Connection;
}

beforeAll(async () => {
  const [port, uiPort, httpPort, metricsPort] = [
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
  ];
  address = `127.0.0.1:${port}`;
  const program = await toolPath('temporal');
  const databaseFile = join(folder, 'temporal.sqlite');
  temporal = () => start(program, temporalArguments({ port, uiPort, httpPort, metricsPort, databaseFile }));
  server = temporal();
  await (await connected()).close();
  [pager, siren] = [await receiver(), await receiver()];
  api = await apiUnderTest({ temporal: address });
  writeFileSync(join(folder, 'page.secret'), SECRET, { mode: 0o400 });
  healthPort = await loopbackPort();
  const channel = (url: string) => ({ use: 'webhook', url, secret_file: join(folder, 'page.secret') });
  writeFileSync(
    join(folder, 'watchdog.toml'),
    stringify({
      network: 'laptop',
      environment: 'drill',
      log_level: 'error',
      state_file: 'memory.json',
      every_seconds: 1,
      lost_after_looks: 2,
      back_after_looks: 2,
      apis: [api.api.statusUrl],
      temporal: { address, task_queues: [TASK_QUEUE] },
      channels: { pager: channel(pager.url), siren: channel(siren.url) },
      metrics: { port: healthPort },
    }),
  );
  watchdog = startWatchdog();
});
afterAll(async () => {
  await api?.stop();
  for (const child of children) child.kill('SIGKILL');
  for (const each of [pager, siren]) each?.server.close();
  rmSync(folder, { recursive: true, force: true });
  await Runtime.instance().shutdown();
});

/** What one receiver heard about one thing, in order. */
const heard = ({ said }: { readonly said: readonly Said[] }, about: string): readonly string[] =>
  said.filter(({ headline }) => headline.includes(about)).map(({ event }) => event);
const everybody = async (about: string, events: readonly string[]): Promise<void> => {
  for (const who of [pager, siren])
    await eventually(`${events.join(', ')} about "${about}"`, async () => heard(who, about).length >= events.length);
  for (const who of [pager, siren]) expect([about, heard(who, about)]).toEqual([about, events]);
};

test('a task queue without workers pages once, through a watchdog that is killed meanwhile, and is over when one comes', async () => {
  await everybody('no worker is left', ['send']);
  await eventually('it remembers whom it told', async () =>
    JSON.stringify(pagesNow() ?? '').includes('no worker is left'),
  );
  const report = await askWatchdog(`http://127.0.0.1:${healthPort}`);
  expect(report).toMatchObject({ up: true, lost: [`workers:${TASK_QUEUE}`], pages: 1, incidents: 0 });
  expect(watchdogLine(report, Date.now())).toContain(`HAS PAGED, lost: workers:${TASK_QUEUE}`);
  await kill(watchdog);
  watchdog = startWatchdog();
  await eventually('it looks again', async () => pagesNow() !== undefined);
  const native = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: native,
    taskQueue: TASK_QUEUE,
    workflowBundle: await bundleOfRun(),
    sinks: countRefusals(() => undefined),
    shutdownGraceTime: '100 milliseconds',
  });
  await worker.runUntil(() => everybody('no worker is left', ['send', 'resolve']));
  await native.close();
  const [first, last] = pager.said.filter(({ headline }) => headline.includes('no worker is left'));
  expect(first?.headline).toBe('[EXERCISE] [SEV1] laptop: no worker is left');
  expect(last?.thread).toBe(first?.thread);
});

test('Temporal that is killed pages by itself, and so does the api that cannot record any more; both are over when it is back', async () => {
  await kill(server);
  await everybody('Temporal is gone', ['send']);
  await everybody('no api answers', ['send']);
  server = temporal();
  await everybody('Temporal is gone', ['send', 'resolve']);
  await everybody('no api answers', ['send', 'resolve']);
});

test('an incident that somebody terminates is opened again, and one that is reset is noticed', async () => {
  const connection = await connected();
  const client = new Client({ connection });
  const digest = '0'.repeat(64) as Parameters<typeof startIncident>[0]['playbook']['playbook'];
  const open = async (key: string, title: string) => {
    const playbook = { name: 'nothing', playbook: digest, plan: { digest, sizeBytes: 1 }, library: {}, inputs: {} };
    const input = { network: 'laptop', key, title, severity: 'SEV2' as const, playbook };
    await client.workflow.start(INCIDENT, startIncident(input, TASK_QUEUE));
    return client.workflow.getHandle(`incident/laptop/${key}`);
  };
  const known = (id: string): boolean => JSON.stringify(memory()).includes(id);
  const native = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: native,
    taskQueue: TASK_QUEUE,
    workflowBundle: await bundleOfRun(),
    sinks: countRefusals(() => undefined),
    shutdownGraceTime: '100 milliseconds',
  });
  await worker.runUntil(async () => {
    const handle = await open('clicked', 'Of a click');
    const reset = await open('reset', 'Of a reset');
    await eventually('both are known', async () => known('incident/laptop/clicked') && known('incident/laptop/reset'));
    const { runId } = await handle.describe();
    await handle.terminate('a click');
    await everybody('Of a click', ['send']);
    await eventually('it is open again', async () => {
      const now = await handle.describe();
      return now.status.name === 'RUNNING' && now.runId !== runId;
    });
    const view = await handle.query(incidentQuery);
    expect(view.timeline.some(({ text }) => text.includes('opened again: its execution was terminated'))).toBe(true);
    expect((await remembered(handle)).title).toBe('Of a click');

    const { events } = await reset.fetchHistory();
    const before = (await reset.describe()).runId;
    const completed = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: reset.workflowId, runId: before },
      reason: 'a click',
      requestId: 'reset-of-a-test',
      workflowTaskFinishEventId: completed?.eventId ?? null,
    });
    await everybody('Of a reset', ['send']);
    await eventually('it says so itself', async () =>
      (await reset.query(incidentQuery)).timeline.some(({ by }) => by === 'watchdog'),
    );

    // A second watchdog that looks now: what the first one has opened again was not reset.
    const remembering = (was: string, title: string) => ({ runId: was, title, severity: 'SEV2' });
    const incidents = {
      'incident/laptop/clicked': remembering(runId, 'Of a click'),
      'incident/laptop/reset': remembering(before, 'Of a reset'),
    };
    const temporal = { address, namespace: 'default', answer_ms_max: 5_000 } as WatchdogConfig['temporal'];
    const logger = createLogger({ name: 'second', level: 'error' });
    const found = await watchIncidents(connection, { temporal }, { ...emptyMemory(), incidents }, logger);
    expect(found.map(({ title }) => title)).toEqual(['Of a reset']);
  });
  await native.close();
  await connection.close();
  expect(pager.said.filter(({ headline }) => headline.includes('Of a')).length).toBe(2);
});

test('a configuration that cannot be right ends with 2 and changes nothing', async () => {
  const file = join(folder, 'wrong.toml');
  writeFileSync(file, 'network = "laptop"\n');
  const child = spawn(process.execPath, [join(ROOT, 'watchdog', 'main.ts'), 'run', '--config', file], {
    stdio: 'ignore',
  });
  children.add(child);
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(2);
});

const memory = (): unknown => JSON.parse(readFileSync(join(folder, 'memory.json'), 'utf8')) as unknown;
function pagesNow(): unknown {
  try {
    return memory();
  } catch {
    return undefined;
  }
}
