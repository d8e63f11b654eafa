import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RecordAlertInput } from '../workflows/record-alert/messages.ts';
import { type Compiled, readPlaybooks, type Response, signedAnew, signedBy } from './playbooks.ts';
import { alertmanagerBody, apiUnderTest, asAlertmanager, PLAYBOOKS } from './testkit/delivering.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-playbooks-'));
  cpSync(PLAYBOOKS, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = (name: string): string => join(folder, name, 'playbook.yaml');
const shipped = readdirSync(PLAYBOOKS, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const read = (source: readonly string[] = shipped, inputs = {}) =>
  readPlaybooks({
    playbooks: { folder, catalogueFile: join(folder, 'catalogue.yaml'), inputs },
    sources: [
      {
        name: 'prometheus',
        limits: { networks: ['laptop'], playbooks: source },
        plugin: { kind: 'alert-source', use: 'alertmanager', settings: {}, where: { file: '', lineOf: () => 1 } },
        deliveriesPerMinute: 1,
        heartbeatAlert: 'Watchdog',
      },
    ],
  });
const fit = (): readonly string[] => read().compiled.map(({ plan }) => plan.name);
const unfit = (): readonly string[] => read().unfit.map(({ name, reason }) => `${name} ${reason}`);

test('a playbook that cannot be loaded is left out with its reason, and the others stay', () => {
  appendFileSync(text('validator-offline'), '\ntimout: 3\n');
  expect(fit()).toEqual(shipped.filter((name) => name !== 'validator-offline'));
  expect(unfit()).toEqual([expect.stringMatching(/^validator-offline playbook\.yaml:\d+:\d+ timout: /)]);
});

test('so is a folder without a playbook, and one whose signatures are no document', () => {
  mkdirSync(join(folder, 'notes'));
  writeFileSync(join(folder, 'validator-offline', 'playbook.signed.json'), '{}');
  expect(fit()).toEqual(shipped.filter((name) => name !== 'validator-offline'));
  expect(unfit()).toEqual([expect.stringMatching(/^notes cannot read/), expect.stringMatching(/^validator-offline /)]);
});

test('new signatures count for a plan that is loaded; those under another plan, or that are gone, change nothing', () => {
  const signed = (epoch: number) => ({
    endorsement: { committeeEpoch: epoch } as NonNullable<Compiled['endorsement']>['endorsement'],
    signatures: [],
  });
  const loaded = read().compiled.slice(0, 3);
  const responses = loaded.map(({ plan: { name }, digest }) => ({
    candidate: { name, digest } as Response['candidate'],
    response: { endorsement: signed(1) } as unknown as Response['response'],
  }));
  const [one, other, third] = loaded.map(({ plan }) => plan.name);
  if (one === undefined || other === undefined || third === undefined) throw new Error('three ship');
  const now = loaded.map((each) =>
    each.plan.name === one
      ? { ...each, endorsement: signed(2) }
      : each.plan.name === other
        ? { ...each, digest: 'd'.repeat(64) as Compiled['digest'], endorsement: signed(2) }
        : each,
  );
  expect(signedBy(signedAnew(responses, now))).toEqual({ [one]: 2, [other]: 1, [third]: 1 });
  expect(signedBy(signedAnew(responses, []))).toEqual({ [one]: 1, [other]: 1, [third]: 1 });
});

test('inputs and sources may name what is left out, and nothing that is not there', () => {
  writeFileSync(text('validator-offline'), 'no playbook');
  expect(read(shipped, { 'validator-offline': { holdFor: '20m' } }).unfit).toHaveLength(1);
  expect(() => read([...shipped, 'validator-ofline'])).toThrow('names validator-ofline, which is not in');
  expect(() => read(shipped, { 'validator-ofline': {} })).toThrow('there is no playbook validator-ofline');
});

test('an input with which every run would be refused is refused at the start', () => {
  expect(read(shipped, { 'validator-offline': { holdFor: '29m' } }).unfit).toEqual([]);
  expect(() => read(shipped, { 'validator-offline': { holdFor: '30m' } })).toThrow(
    /^playbooks\.inputs: step \w+ of validator-offline would look for longer than the 1800 s that it may take$/,
  );
});

test('when nothing in the folder can be loaded, or the catalogue cannot, there is no start', () => {
  for (const name of shipped) writeFileSync(text(name), 'no playbook');
  expect(() => read()).toThrow(/no playbook of .* can be loaded; break-glass-review: playbook\.yaml:1/);
  rmSync(join(folder, 'catalogue.yaml'));
  expect(() => read()).toThrow('catalogue');
});

test('an api with one unfit playbook answers by the others, and says so in its health, its metrics and every alert', async () => {
  writeFileSync(text('validator-offline'), 'no playbook');
  const recorded: RecordAlertInput[] = [];
  const store = {
    record: (input: RecordAlertInput) => {
      recorded.push(input);
      return Promise.resolve({ id: 'one', state: 'heard' as const });
    },
    answers: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  const { api, stop } = await apiUnderTest({ playbooks: folder }, { store });
  try {
    const body = alertmanagerBody([{ id: 'a' }, { id: 'b', name: 'ValidatorCopyRunning' }]);
    expect((await asAlertmanager(api.url, body)).status).toBe(200);
    expect(recorded[0]?.match.losing[0]).toMatchObject({ playbook: 'validator-offline', code: 'input.alert-unfit' });
    expect(recorded[1]?.match.chosen?.playbook).toBe('suspected-share-theft');
    const health = await fetch(`${api.statusUrl}/health`);
    expect(await health.json()).toMatchObject({
      ready: true,
      reasons: [expect.stringMatching(/^playbook validator-offline is left out: /)],
    });
    const metrics = await (await fetch(`${api.statusUrl}/metrics`)).text();
    expect(metrics).toContain('firebreak_api_playbook_unfit{playbook="validator-offline"} 1');
  } finally {
    await stop();
  }
});

test('an alert after a hand-over is answered under the signatures of the new committee, without a restart of the api', async () => {
  const sign = (committeeEpoch: number): void =>
    writeFileSync(
      join(folder, 'validator-offline', 'playbook.signed.json'),
      JSON.stringify({
        endorsement: {
          version: 1,
          environment: 'development',
          network: 'laptop',
          committeeEpoch,
          committee: String(committeeEpoch).repeat(64),
          playbook: 'validator-offline',
          plan: read().compiled.find(({ plan }) => plan.name === 'validator-offline')?.digest,
        },
        signatures: [],
      }),
    );
  sign(1);
  const answeredUnder: (number | undefined)[] = [];
  const store = {
    record: ({ response }: RecordAlertInput) => {
      answeredUnder.push(response?.endorsement?.endorsement.committeeEpoch);
      return Promise.resolve({ id: 'one', state: 'heard' as const });
    },
    answers: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  const { api, stop } = await apiUnderTest({ playbooks: folder }, { store, lookMs: 20 });
  try {
    const signedBy = async (): Promise<unknown> =>
      ((await (await fetch(`${api.statusUrl}/health`)).json()) as { signedBy: unknown }).signedBy;
    expect(await signedBy()).toEqual({ 'validator-offline': 1 });
    await asAlertmanager(api.url, alertmanagerBody([{ id: 'a' }]));
    sign(2);
    while (((await signedBy()) as Record<string, number>)['validator-offline'] !== 2) await setTimeout(20);
    await asAlertmanager(api.url, alertmanagerBody([{ id: 'b' }]));
    expect(answeredUnder).toEqual([1, 2]);
    const metrics = await (await fetch(`${api.statusUrl}/metrics`)).text();
    expect(metrics).toContain('firebreak_api_playbook_committee_epoch{playbook="validator-offline"} 2');
  } finally {
    await stop();
  }
});
