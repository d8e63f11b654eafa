import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SignedEndorsement } from '../domain/playbook/endorsement.ts';
import type { RecordAlertInput } from '../workflows/record-alert/messages.ts';
import { type Compiled, readPlaybooks, type Response, signedAnew } from './playbooks.ts';
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

const NAME = 'validator-offline';
const planned = (): Compiled => {
  const found = read().compiled.find(({ plan }) => plan.name === NAME);
  if (found === undefined) throw new Error(`${NAME} ships`);
  return found;
};
/** Signed by `count` members of the committee of epoch 1; none of them can be judged here. */
function signed(count: number, change: Partial<SignedEndorsement['endorsement']> = {}): SignedEndorsement {
  const { committeeEpoch = 1 } = change;
  return {
    endorsement: {
      version: 1,
      environment: 'development',
      network: 'laptop',
      committeeEpoch,
      committee: String(committeeEpoch).repeat(64) as Compiled['digest'],
      playbook: NAME,
      plan: planned().digest,
      ...change,
    },
    signatures: Array.from({ length: count }, (_unused, at) => ({
      member: String(at).padStart(64, '0'),
      signature: 'a'.repeat(128),
    })),
  };
}
/** What the api goes by that has loaded `before` and finds `now`. */
function taken(now: SignedEndorsement | undefined, before: SignedEndorsement | undefined): unknown {
  const { endorsement: _none, ...compiled } = planned();
  const candidate = { name: NAME, digest: compiled.digest } as Response['candidate'];
  const response = (before === undefined ? {} : { endorsement: before }) as Response['response'];
  const found = now === undefined ? compiled : { ...compiled, endorsement: now };
  return signedAnew([{ candidate, response }], [found])[0]?.response.endorsement;
}

test.each([
  ['more of the same committee', 4, {}],
  ['as many of the same committee', 3, {}],
  ['as many of a later committee', 3, { committeeEpoch: 2 }],
] as const)('new signatures count for a plan that is loaded: %s', (_what, count, change) => {
  const now = signed(count, change);
  expect(taken(now, signed(3))).toBe(now);
});

const other = 'd'.repeat(64) as Compiled['digest'];
test.each([
  ['none any more', 0, {}],
  ['fewer than there were', 2, {}],
  ['the first ones of a later committee', 2, { committeeEpoch: 2 }],
  ['those of a committee that has handed over', 9, { committeeEpoch: 0 }],
  ['those of a rival committee', 9, { committee: other }],
  ['those under another plan', 9, { committeeEpoch: 2, plan: other }],
  ['those under another name', 9, { committeeEpoch: 2, playbook: 'identity-seen-twice' }],
  ['those for another network', 9, { committeeEpoch: 99, network: 'desk' }],
  ['those for another environment', 9, { committeeEpoch: 99, environment: 'production' }],
] as const)('signatures that may start nothing change nothing: %s', (_what, count, change) => {
  const before = signed(3);
  expect(taken(signed(count, change), before)).toBe(before);
});

test('one member who stands in the file three times is one of three, and a file that is gone changes nothing', () => {
  const before = signed(3);
  const { endorsement, signatures } = signed(1, { committeeEpoch: 2 });
  expect(taken({ endorsement, signatures: [...signatures, ...signatures, ...signatures] }, before)).toBe(before);
  expect(taken(undefined, before)).toBe(before);
});

test('what nobody has signed runs on so in development, and elsewhere is signed from the first signature on', () => {
  expect(taken(signed(7), undefined)).toBeUndefined();
  const now = signed(1, { environment: 'production' });
  expect(taken(now, undefined)).toBe(now);
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

test('an alert after a hand-over is answered under the signatures of the new committee once they are all there, without a restart of the api', async () => {
  const sign = (committeeEpoch: number, count = 3): void =>
    writeFileSync(join(folder, NAME, 'playbook.signed.json'), JSON.stringify(signed(count, { committeeEpoch })));
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
    const said = async (): Promise<string> => (await fetch(`${api.statusUrl}/health`)).text();
    const signedBy = async (): Promise<unknown> => (JSON.parse(await said()) as { signedBy: unknown }).signedBy;
    expect(await signedBy()).toEqual({ [NAME]: 1 });
    await asAlertmanager(api.url, alertmanagerBody([{ id: 'a' }]));
    sign(2, 1);
    writeFileSync(text('identity-seen-twice'), 'no playbook');
    // What is told of one is told after a look at all.
    while (!(await said()).includes('playbook identity-seen-twice has rotted')) await setTimeout(20);
    expect(await signedBy()).toEqual({ [NAME]: 1 });
    await asAlertmanager(api.url, alertmanagerBody([{ id: 'b' }]));
    sign(2);
    while (!(await said()).includes(`"${NAME}":2`)) await setTimeout(20);
    await asAlertmanager(api.url, alertmanagerBody([{ id: 'c' }]));
    expect(answeredUnder).toEqual([1, 1, 2]);
    const metrics = await (await fetch(`${api.statusUrl}/metrics`)).text();
    expect(metrics).toContain('firebreak_api_playbook_committee_epoch{playbook="validator-offline"} 2');
  } finally {
    await stop();
  }
});
