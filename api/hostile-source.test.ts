import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { foundIn, hayOf, needlesOfText } from '../devnet/canary/needles.ts';
import { createLogger } from '../telemetry/log.ts';
import { recordAlertId, type RecordAlertInput } from '../workflows/record-alert/messages.ts';
import { type ApiUnderTest, alertmanagerBody, apiUnderTest, asAlertmanager, TOKEN } from './testkit/delivering.ts';

/** The secret that the plug-in is given, and puts into everything that it throws or says. */
const CANARY = randomBytes(16).toString('hex');
const NEEDLES = needlesOfText('canary', CANARY);

/** A plug-in of others, in a file of theirs. What it does instead of its work stands in the headers of the delivery. */
const PLUGIN = `
const getters = (secret) => Object.defineProperties({}, Object.fromEntries(['code', 'message', 'name', 'stack', 'ok'].map(
  (name) => [name, { enumerable: true, get() { throw new Error(secret); } }],
)));
const HOSTILE = {
  nothing: () => { throw undefined; },
  text: (secret) => { throw secret; },
  message: (secret) => { throw new Error(secret); },
  huge: (secret) => { throw new RangeError(secret.repeat(10_000)); },
  named: (secret) => { throw Object.assign(new Error('x'), { name: secret }); },
  coded: (secret) => { throw Object.assign(new Error(secret), { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 200 }); },
  failure: (secret) => { throw Object.assign(new Error(secret), { code: 'unavailable.x', [Symbol.for('firebreak.failure')]: true }); },
  getters: (secret) => { throw getters(secret); },
  cause: (secret) => { throw new Error('x', { cause: new Error(secret) }); },
  empty: () => undefined,
  words: (secret) => secret,
  shape: (secret) => ({ ok: secret, value: secret }),
  lazy: (secret) => getters(secret),
  later: async (secret) => ({ ok: true, value: { alerts: [secret], leftOut: 0 } }),
  rejecting: async (secret) => { throw new Error(secret); },
  never: () => new Promise(() => undefined),
};
const READ = { id: 'a', status: 'firing', startedAtMs: 1, name: 'ValidatorOffline', severity: 'critical', summary: '', labels: { validator: '7' } };
const WELL = { authenticate: true, parse: { alerts: [READ], leftOut: 0 } };
export const plugin = {
  manifest: { kind: 'alert-source', name: 'hostile', contractVersion: 1, summary: 'Of a test', capabilities: [], irreversible: [], configSchema: {} },
  parse: (settings) => settings,
  create: ({ secret }) => () => Object.fromEntries(Object.entries(WELL).map(([asked, value]) => [
    asked,
    ({ headers }) => headers['x-asked'] === asked ? HOSTILE[headers['x-does']](secret) : { ok: true, value },
  ])),
};
`;
const KINDS = [...(/HOSTILE = {([^]*?)\n};/.exec(PLUGIN)?.[1] ?? '').matchAll(/^ {2}(\w+):/gm)].map(
  ([, kind = '']) => kind,
);
const CASES = ['authenticate', 'parse'].flatMap((asked) => KINDS.map((does) => [asked, does] as const));

const recorded: RecordAlertInput[] = [];
const logged: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'firebreak-hostile-source-'));
let under: ApiUnderTest;
beforeAll(async () => {
  const use = join(folder, 'hostile.mjs');
  writeFileSync(use, PLUGIN);
  under = await apiUnderTest(
    { plugin: { use, settings: { secret: CANARY } }, limits: { strangersPerMinute: 1_000 } },
    {
      logger: createLogger({ name: 'api', destination: { write: (line) => void logged.push(line) } }),
      store: {
        record: async (input) => {
          recorded.push(input);
          return { id: recordAlertId(input.alert), state: 'heard' };
        },
        answers: async () => true,
        close: async () => undefined,
      },
    },
  );
});
afterAll(async () => {
  await under?.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  recorded.length = 0;
  logged.length = 0;
});

const deliver = async (headers: Record<string, string> = {}): Promise<{ status: number; text: string }> => {
  const response = await asAlertmanager(under.api.url, alertmanagerBody([{ id: 'a' }]), TOKEN, headers);
  return { status: response.status, text: JSON.stringify([[...response.headers], await response.text()]) };
};

test.each(CASES)(
  'a source whose %s goes wrong (%s) costs its own delivery: a named no, nothing recorded, no secret told or logged',
  async (asked, does) => {
    const { status, text } = await deliver({ 'x-asked': asked, 'x-does': does });
    expect(status).toBe(500);
    expect(text).toContain('bug.alert-source');
    expect(recorded).toEqual([]);
    expect(logged.join('')).toContain('bug.alert-source');
    const metrics = await (await fetch(`${under.api.statusUrl}/metrics`)).text();
    expect(foundIn(hayOf([text, logged, metrics]), NEEDLES)).toEqual([]);
    expect(foundIn(hayOf([text, logged, `x${CANARY}x`]), NEEDLES)).not.toEqual([]);
    // The api goes on, and so does the source.
    expect((await deliver()).status).toBe(200);
    expect(recorded).toHaveLength(1);
  },
);

test('whoever makes a source throw before it was authentic is slowed down like a stranger', async () => {
  const own = await apiUnderTest({
    plugin: { use: join(folder, 'hostile.mjs'), settings: { secret: CANARY } },
    limits: { strangersPerMinute: 2 },
  });
  try {
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const headers = { 'x-asked': 'authenticate', 'x-does': 'message' };
      statuses.push((await asAlertmanager(own.api.url, '{}', TOKEN, headers)).status);
    }
    expect(statuses).toEqual([500, 500, 429]);
  } finally {
    await own.stop();
  }
});
