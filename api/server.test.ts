import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { RecordAlertInput } from '../workflows/record-alert/messages.ts';
import { recordAlertId } from '../workflows/record-alert/messages.ts';
import type { AlertStore } from './engine.ts';
import {
  type ApiUnderTest,
  alertmanagerBody,
  apiUnderTest,
  asAlertmanager,
  asScript,
  TOKEN,
} from './testkit/delivering.ts';

const recorded: RecordAlertInput[] = [];
let away = false;
const store: AlertStore = {
  record: async (input) => {
    if (away) throw new FirebreakFailure('unavailable.alert-store', 'Temporal is away');
    recorded.push(input);
    return { id: recordAlertId(input.alert), state: 'heard' };
  },
  answers: async () => !away,
  close: async () => undefined,
};

let under: ApiUnderTest | undefined;
async function start(
  change: Parameters<typeof apiUnderTest>[0] = {},
): Promise<{ readonly url: string; readonly statusUrl: string }> {
  under = await apiUnderTest(change, { store });
  return under.api;
}
afterEach(async () => {
  await under?.stop();
  under = undefined;
  away = false;
  recorded.length = 0;
});
const codeOf = async (response: Response): Promise<string> => {
  const { error } = (await response.json()) as { error?: { code: string } };
  return `${response.status} ${error?.code ?? 'none'}`;
};

describe('a delivery', () => {
  test('is recorded with the playbook that answers it and what its run is handed', async () => {
    const { url } = await start();
    const response = await asAlertmanager(url, alertmanagerBody([{ id: 'a' }, { id: 'b', name: 'Unknown' }]));
    expect(response.status).toBe(200);
    const { recorded: answer } = (await response.json()) as { recorded: { id: string; state: string }[] };
    expect(answer.map(({ state }) => state)).toEqual(['heard', 'heard']);
    const [first, second] = recorded;
    expect(answer.map(({ id }) => id)).toEqual(recorded.map(({ alert }) => recordAlertId(alert)));
    expect(first?.match.chosen).toMatchObject({ playbook: 'validator-offline', inputs: { validator: 7 } });
    expect(first?.response?.plan.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(second?.match.chosen).toBeUndefined();
    expect(second?.match.losing).toHaveLength(4);
  });

  test('gives its run what the installation chose where it says nothing itself', async () => {
    const { url } = await start({ inputs: { 'validator-offline': { holdFor: '20m', validator: 3 } } });
    await asAlertmanager(url, alertmanagerBody([{ id: 'a' }]));
    expect(recorded[0]?.match.chosen?.inputs).toEqual({ holdFor: 1_200_000, validator: 7 });
  });

  test.each([
    ['a playbook that is not there', { 'validator-ofline': {} }],
    ['an input that it does not have', { 'validator-offline': { hold: '20m' } }],
    ['a value that it cannot have', { 'validator-offline': { holdFor: 20 * 86_400_000 * 9 } }],
  ])('finds no api that was given inputs for %s', async (_what, inputs) => {
    await expect(start({ inputs })).rejects.toMatchObject({
      code: 'input.api-playbook',
      message: expect.stringContaining('playbooks.inputs'),
    });
  });

  test('that runs a playbook with another one inside hands over the inner plan too', async () => {
    const { url } = await start();
    await asAlertmanager(url, alertmanagerBody([{ id: 'a', name: 'IdentitySeenTwice' }]));
    expect(recorded[0]?.match.chosen?.playbook).toBe('identity-seen-twice');
    expect(Object.keys(recorded[0]?.response?.library ?? {})).toHaveLength(1);
  });

  test('in the signed form is recorded, inside of the replay window only, and a forged one never', async () => {
    const { url } = await start();
    expect((await asScript(url, [{ id: 'a' }])).status).toBe(200);
    expect(await codeOf(await asScript(url, [{ id: 'b' }], Date.now() - 400_000))).toBe('401 policy.alert-replayed');
    expect(await codeOf(await asScript(url, [{ id: 'c' }], Date.now() + 400_000))).toBe('401 policy.alert-replayed');
    expect(await codeOf(await asScript(url, [{ id: 'd' }], Date.now(), 'another-secret-0123456789'))).toBe(
      '401 policy.alert-unauthenticated',
    );
    expect(recorded.map(({ alert }) => alert.fingerprint)).toEqual(['a']);
  });

  test('with a wrong token, of no source, or that is no delivery is refused, and nothing is recorded', async () => {
    const { url } = await start();
    const body = alertmanagerBody([{ id: 'a' }]);
    expect(await codeOf(await asAlertmanager(url, body, 'wrong'))).toBe('401 policy.alert-unauthenticated');
    expect(await codeOf(await asAlertmanager(url, '{'))).toBe('400 input.alert-body');
    expect(await codeOf(await asAlertmanager(url, body, TOKEN, { 'content-type': 'application/xml' }))).toBe(
      '415 input.alert-body',
    );
    const post = { method: 'POST', body, headers: { authorization: `Bearer ${TOKEN}` } };
    expect(await codeOf(await fetch(`${url}/v1/alerts/nobody`, post))).toBe('404 input.alert-source');
    expect(await codeOf(await fetch(`${url}/v1/alerts/__proto__`, post))).toBe('404 input.alert-source');
    expect(await codeOf(await fetch(`${url}/v1/alerts/scripts`, post))).toBe('401 policy.alert-unauthenticated');
    expect(recorded).toEqual([]);
  });

  test('that cannot be made durable is answered with 503 and when to try again, never with a yes', async () => {
    const { url, statusUrl } = await start();
    away = true;
    const response = await asAlertmanager(url, alertmanagerBody([{ id: 'a' }]));
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await codeOf(response)).toBe('503 unavailable.alert-store');
    expect((await fetch(`${statusUrl}/health`)).status).toBe(503);
    away = false;
    expect((await fetch(`${statusUrl}/health`)).status).toBe(200);
  });

  test('that is too large is cut off, whether or not it says how large it is', async () => {
    const { url } = await start({ limits: { bodyBytesMax: 2_000 } });
    const large = alertmanagerBody([{ id: 'a', summary: 'x'.repeat(3_000) }]);
    expect(await codeOf(await asAlertmanager(url, large))).toBe('413 input.alert-size');
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(large));
        controller.close();
      },
    });
    const init = {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    } as RequestInit;
    expect((await fetch(`${url}/v1/alerts/prometheus`, init)).status).toBe(413);
    expect((await asAlertmanager(url, alertmanagerBody([{ id: 'a' }]))).status).toBe(200);
  });

  test('that comes in drops is cut off when its time is over', async () => {
    const { url } = await start({ limits: { bodySecondsMax: 1 } });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const said: string[] = [];
    socket.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/alerts/prometheus HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
    );
    const drip = setInterval(() => socket.writable && socket.write(' '), 100);
    await closed;
    clearInterval(drip);
    expect(said.join('')).not.toContain('200 OK');
    expect(recorded).toEqual([]);
  });

  test('too many in a minute are answered with 429 and when to try again', async () => {
    const { url } = await start({ perMinute: 2 });
    const send = (id: string): Promise<Response> => asAlertmanager(url, alertmanagerBody([{ id }]));
    expect([(await send('a')).status, (await send('b')).status]).toEqual([200, 200]);
    const third = await send('c');
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await codeOf(third)).toBe('429 policy.alert-rate');
  });

  test('of a stranger is slowed down after some tries, and whoever is right at that address is not', async () => {
    const { url } = await start({ limits: { strangersPerMinute: 3 } });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await asAlertmanager(url, '{}', `wrong-${n}`)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await asAlertmanager(url, alertmanagerBody([{ id: 'a' }]))).status).toBe(200);
  });
});

test('metrics count what happened under names that are bounded, and health says that Temporal is away', async () => {
  const { url, statusUrl } = await start();
  await asAlertmanager(url, alertmanagerBody([{ id: 'a' }, { id: 'b', name: 'Unknown' }]));
  await fetch(`${url}/v1/alerts/some-stranger`, { method: 'POST', body: '{}' });
  const text = await (await fetch(`${statusUrl}/metrics`)).text();
  expect(text).toContain('firebreak_alerts_total{source="prometheus",outcome="answered"} 1');
  expect(text).toContain('firebreak_alerts_total{source="prometheus",outcome="unanswered"} 1');
  expect(text).toContain('firebreak_api_deliveries_total{source="prometheus",status="200",code="none"} 1');
  expect(text).toContain('firebreak_api_playbooks 4');
  expect(text).not.toContain('some-stranger');
  away = true;
  expect(await (await fetch(`${statusUrl}/health`)).json()).toEqual({
    ready: false,
    reasons: ['Temporal does not answer'],
    heartbeats: {},
    signedBy: {},
  });
});

test('the api describes itself, and serves nothing else', async () => {
  const { url } = await start();
  expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.1' });
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  expect((await fetch(`${url}/v1/alerts/prometheus`)).status).toBe(404);
});
