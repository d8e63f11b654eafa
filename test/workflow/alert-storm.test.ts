import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { apiToml } from '../../api/config/write.ts';
import { pagerdutySection, SECRET, TOKEN } from '../../api/testkit/delivering.ts';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { cachedBundle } from '../../workers/bundle.ts';
import { temporalArguments } from '../../workers/server.ts';
import { ANSWER_ALERTS } from '../../workflows/answer-alerts/messages.ts';
import { INCIDENT } from '../../workflows/incident/messages.ts';
import { alertRecordQuery, RECORD_ALERT } from '../../workflows/record-alert/messages.ts';
import { RUN_PLAYBOOK } from '../../workflows/run-playbook/messages.ts';
import { remembered } from './rig/incidents.ts';
import { eventually } from './rig/rig.ts';
import { keepUp } from './rig/kept-up.ts';
import {
  deliveriesOf,
  type Delivery,
  firingsOf,
  LATER,
  recordOf,
  STARTED,
  type StormAlert,
  stormAlerts,
  VALIDATORS,
} from './rig/storm.ts';
import { workerProcesses } from './rig/worker-processes.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'alert-storm-'));
const workers = workerProcesses(folder);
const network = workers.genesis.name;
const children: (() => void)[] = [];
afterAll(() => {
  for (const end of children) end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** By what was taken and not by a clock: on a busy machine a process would be killed again and again before it is up. */
const TAKEN_BETWEEN_KILLS = 80;
/** Deliveries under way at once. */
const LANES = 12;
/** It only bounds a broken test. */
const STAND_MS = 300_000;
/** A sender gives up only when the test does. */
const TRIES_MAX = 400;
/** Its run waits for a person, so that its incident stays open. */
const PLAYBOOK = `playbook: 1
name: of-the-storm
title: Of the storm
summary: Written for one test.
severity: SEV3
triggers:
  - labels: { alertname: ValidatorOffline }
    inputs: { validator: int(alert.labels.validator) }
inputs:
  validator: { type: validator, summary: Whom it is about }
steps:
  - { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }
`;

/** The settings of an api with three sources, one playbook and the blobs of the workers. */
function writeSettings(facts: {
  readonly temporal: string;
  readonly port: number;
  readonly metricsPort: number;
}): string {
  const playbooks = join(folder, 'playbooks');
  mkdirSync(join(playbooks, 'of-the-storm'), { recursive: true });
  writeFileSync(join(playbooks, 'of-the-storm', 'playbook.yaml'), PLAYBOOK);
  copyFileSync(join(ROOT, 'playbooks', 'catalogue.yaml'), join(playbooks, 'catalogue.yaml'));
  mkdirSync(join(folder, 'secrets'));
  for (const [name, secret] of [
    ['prometheus', TOKEN],
    ['scripts', SECRET],
  ] as const)
    writeFileSync(join(folder, 'secrets', `${name}.secret`), secret, { mode: 0o400 });
  const playbookNames = ['of-the-storm'];
  const text = [
    apiToml({ network, playbooks, playbookNames, ...facts }),
    pagerdutySection(network, playbookNames, 'secrets/scripts.secret'),
  ].join('\n');
  const file = join(folder, 'api.toml');
  writeFileSync(file, text.replaceAll('networks =', 'deliveries_per_minute = 100000\nnetworks ='));
  return file;
}

test('600 alerts of three forms, each delivered 1 to 5 times while api, workers and Temporal are killed, are 600 executions', async () => {
  const [port, uiPort, httpPort, metricsPort, apiPort, statusPort] = [
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
    await loopbackPort(),
  ];
  const address = `127.0.0.1:${port}`;
  const config = writeSettings({ temporal: address, port: apiPort, metricsPort: statusPort });
  const temporal = await toolPath('temporal');
  // No worker is killed while it builds what the next one needs too.
  await cachedBundle();
  const databaseFile = join(folder, 'temporal.sqlite');
  const settings = { port, uiPort, httpPort, metricsPort, databaseFile };
  const main = join(ROOT, 'api', 'main.ts');
  const start = (program: string, args: readonly string[]): ChildProcess => spawn(program, args, { stdio: 'ignore' });
  const targets = [
    keepUp('api', async () =>
      start(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'run', '--config', config]),
    ),
    keepUp('worker', async () => (await workers.begin(address)).child),
    keepUp('temporal', async () => start(temporal, temporalArguments(settings))),
  ];
  children.push(...targets.map(({ end }) => end));
  const url = `http://127.0.0.1:${apiPort}`;
  await eventually(
    'the api takes alerts',
    async () => (await fetch(`http://127.0.0.1:${statusPort}/health`).catch(() => undefined))?.status === 200,
    STAND_MS,
  );

  const killed: string[] = [];
  let strikes = 0;
  const seen = new Map<string, number>();
  let taken = 0;
  const send = async (deliver: Delivery): Promise<void> => {
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const status = (await deliver(url).catch(() => undefined))?.status ?? 0;
      seen.set(String(status), (seen.get(String(status)) ?? 0) + 1);
      if (status === 200) {
        taken += 1;
        // Other deliveries are under way when it strikes.
        if (taken % TAKEN_BETWEEN_KILLS > 0) return;
        strikes += 1;
        killed.push((await targets[strikes % targets.length]?.kill()) ?? '');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100 + (attempt % 7) * 40));
    }
    throw new Error(`a delivery was never taken: ${JSON.stringify([...seen])}`);
  };
  const sendAll = async (deliveries: readonly Delivery[]): Promise<void> => {
    const left = deliveries.values();
    const lane = async (): Promise<void> => {
      for (const delivery of left) await send(delivery);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };
  const alerts = stormAlerts(200);
  await sendAll(firingsOf(alerts));
  await sendAll(
    deliveriesOf(
      alerts.filter(({ isResolved }) => isResolved),
      'resolved',
      STARTED,
    ),
  );

  const client = new Client({ connection: await connected(address) });
  const listed = async (query: string) => {
    const found = [];
    for await (const each of client.workflow.list({ query })) found.push(each);
    return found;
  };
  const idsOf = async (type: string): Promise<readonly string[]> =>
    (await listed(`WorkflowType = '${type}'`)).map(({ workflowId }) => workflowId).sort();
  const phases = async (): Promise<ReadonlyMap<string, string>> =>
    new Map(
      (await listed(`WorkflowType = '${RECORD_ALERT}'`)).map(({ workflowId, status, searchAttributes }) => [
        workflowId,
        `${status.name} ${String(searchAttributes['Phase']?.[0])}`,
      ]),
    );
  const expected = new Map(alerts.map((alert) => [recordOf(alert, STARTED), phaseOf(alert)]));
  const stand = async (wanted: ReadonlyMap<string, string>): Promise<boolean> => {
    const now = await phases().catch(() => new Map());
    return [...wanted].every(([id, phase]) => now.get(id) === phase);
  };
  // None is missing, none stands where it should not, and none is there twice.
  await eventually('every alert stands where it should', () => stand(expected), STAND_MS).catch(async () =>
    expect(await phases()).toEqual(expected),
  );
  expect(await idsOf(RECORD_ALERT)).toEqual([...expected.keys()].sort());

  // Every alert that asks for an answer has it: those that ask for the same have the same, and each is open once.
  const answered = alerts.filter(({ validator }) => validator !== undefined);
  const answers: { readonly validator: number | undefined; readonly incident: string }[] = [];
  for (const alert of answered) {
    const record = client.workflow.getHandle(recordOf(alert, STARTED));
    const isTold = async (): Promise<boolean> => {
      const { incident } = await record.query(alertRecordQuery);
      if (incident !== undefined) answers.push({ validator: alert.validator, incident });
      return incident !== undefined;
    };
    await eventually('it is told its incident', isTold, STAND_MS);
  }
  expect(new Set(answers.map(({ validator, incident }) => `${validator} ${incident}`)).size).toBe(VALIDATORS);
  const opened = [...new Set(answers.map(({ incident }) => incident))].sort();
  // What Temporal has just taken up again is listed a little later.
  const areOpen = async (): Promise<boolean> => isDeepStrictEqual(await idsOf(INCIDENT), opened);
  await eventually('they are open, and no other is', areOpen, STAND_MS).catch(async () =>
    expect(await idsOf(INCIDENT)).toEqual(opened),
  );
  const resolvedOfEach = answered.filter(({ isResolved }) => isResolved).length / VALIDATORS;
  const linked = { firing: answered.length / VALIDATORS - resolvedOfEach, resolved: resolvedOfEach };
  for (const id of opened) {
    const hasHeard = async (): Promise<boolean> =>
      isDeepStrictEqual((await remembered(client.workflow.getHandle(id))).alerts, linked);
    await eventually(`${id} has heard of all its alerts`, hasHeard, STAND_MS);
  }
  await eventually('they run', async () => (await idsOf(RUN_PLAYBOOK)).length >= VALIDATORS, STAND_MS);
  expect(await idsOf(RUN_PLAYBOOK)).toEqual(opened.map((id) => id.replace(/^incident/, RUN_PLAYBOOK)));

  // Nothing is in the way of what comes next: the same alerts fire again, later.
  const again = alerts.filter((_alert, at) => at % 90 === 0).map((alert) => ({ ...alert, isResolved: false }));
  await sendAll(deliveriesOf(again, 'firing', LATER));
  const wanted = new Map(again.map((alert) => [recordOf(alert, LATER), phaseOf(alert)]));
  await eventually('what fires again is recorded and answered', () => stand(wanted), STAND_MS);
  expect(await idsOf(ANSWER_ALERTS)).toHaveLength(VALIDATORS);
  // It was a storm: processes died, senders were sent away, and yet all were taken.
  for (const target of targets) expect(killed.filter((name) => name === target.name).length).toBeGreaterThan(2);
  expect(Number(seen.get('503') ?? 0) + Number(seen.get('0') ?? 0)).toBeGreaterThan(0);
  await client.connection.close();
}, 900_000);

const phaseOf = ({ isResolved, validator }: StormAlert): string =>
  isResolved ? 'COMPLETED resolved' : validator === undefined ? 'RUNNING unanswered' : 'RUNNING answered';

async function connected(address: string): Promise<Connection> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await Connection.connect({ address, connectTimeout: '2s' });
    } catch (error) {
      if (attempt > 10) throw error;
    }
  }
}
