import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'smol-toml';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { silentLogger } from '../telemetry/log.ts';
import { recordAlertId } from '../workflows/record-alert/messages.ts';
import { loadApiConfig } from './config.ts';
import { apiToml } from './config/write.ts';
import type { AlertStore } from './engine.ts';
import { startApi } from './run.ts';
import { certificateOf, type TestCertificate } from './testkit/certificates.ts';
import { alertmanagerBody, TOKEN } from './testkit/delivering.ts';

const PLAYBOOKS = join(import.meta.dirname, '..', 'playbooks');
const DAY_MS = 86_400_000;
const store: AlertStore = {
  record: async ({ alert }) => ({ id: recordAlertId(alert), state: 'heard' }),
  answers: async () => true,
  close: async () => undefined,
};
const server = certificateOf('the api');
const sender = certificateOf('a sender');

let folder = '';
let stop = async (): Promise<void> => undefined;
afterEach(async () => {
  await stop();
  stop = async () => undefined;
  rmSync(folder, { recursive: true, force: true });
});

type Change = {
  /** Settings of the source beside its network and playbooks; a token when absent. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly issuer?: TestCertificate;
  readonly tls?: boolean;
  readonly keyOf?: TestCertificate;
  readonly keyMode?: number;
};

/** An `api.toml` whose source `prometheus` proves itself as it is told here. */
async function written({ source, issuer, tls = true, keyOf = server, keyMode = 0o400 }: Change): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-tls-'));
  mkdirSync(join(folder, 'secrets'));
  for (const name of ['prometheus', 'scripts'])
    writeFileSync(join(folder, 'secrets', `${name}.secret`), TOKEN, { mode: 0o400 });
  writeFileSync(join(folder, 'api.pem'), server.cert);
  writeFileSync(join(folder, 'api.key'), keyOf.key, { mode: keyMode });
  if (issuer !== undefined) writeFileSync(join(folder, 'issuer.pem'), issuer.cert);
  const ports = { port: await loopbackPort(), metricsPort: await loopbackPort() };
  const toml = parse(apiToml({ network: 'laptop', temporal: '127.0.0.1:1', playbooks: PLAYBOOKS, ...ports })) as {
    listen: Record<string, unknown>;
    sources: Record<string, Record<string, unknown>>;
  };
  if (tls)
    toml.listen['tls'] = {
      certificate_file: 'api.pem',
      key_file: 'api.key',
      ...(issuer === undefined ? {} : { client_ca_file: 'issuer.pem' }),
    };
  const { secret_file: token, ...plain } = toml.sources['prometheus'] ?? {};
  toml.sources['prometheus'] = { ...plain, ...(source ?? { secret_file: token }) };
  const file = join(folder, 'api.toml');
  writeFileSync(file, stringify(toml));
  return file;
}

const load = async (change: Change) => loadApiConfig(await written(change), () => undefined);

async function start(change: Change): Promise<string> {
  const api = await startApi(await load(change), new AbortController().signal, { logger: silentLogger, store });
  stop = api.stop;
  return api.url;
}

/** Status and code of one delivery, with this certificate and this token or without. */
function deliver(url: string, client?: TestCertificate, token?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sending = request(
    `${url}/v1/alerts/prometheus`,
    {
      method: 'POST',
      ca: server.cert,
      agent: false,
      ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    },
    (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => {
        const { error } = JSON.parse(text) as { error?: { code: string } };
        resolve(`${response.statusCode} ${error?.code ?? 'recorded'}`);
      });
    },
  );
  sending.once('error', reject);
  sending.end(alertmanagerBody([{ id: 'a' }]));
  return promise;
}

const YES = '200 recorded';
const NO = '401 policy.alert-unauthenticated';

describe('over TLS', () => {
  test('a token is a proof as it is without, and nobody is asked for a certificate', async () => {
    const url = await start({});
    expect(url).toMatch(/^https:/);
    expect(await deliver(url, undefined, TOKEN)).toBe(YES);
    expect(await deliver(url, undefined, 'wrong')).toBe(NO);
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  });

  test('a pinned certificate is a proof by itself; none, another one of the same name, and a token are not', async () => {
    const url = await start({ source: { client_certificate_sha256: [sender.certificateSha256] } });
    expect(await deliver(url, sender)).toBe(YES);
    expect(await deliver(url)).toBe(NO);
    expect(await deliver(url, certificateOf('a sender'))).toBe(NO);
    expect(await deliver(url, undefined, TOKEN)).toBe(NO);
  });

  test('a pinned key outlives its certificate, and belongs to nobody else', async () => {
    const printed = sender.keySha256.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
    const url = await start({ source: { client_key_sha256: [printed] } });
    expect(await deliver(url, sender)).toBe(YES);
    expect(await deliver(url, certificateOf('renewed', { keyOf: sender }))).toBe(YES);
    expect(await deliver(url, certificateOf('a sender'))).toBe(NO);
  });

  test('a certificate proves nothing before and after its time', async () => {
    const now = Date.now();
    const old = certificateOf('old', { keyOf: sender, valid: [now - 9 * DAY_MS, now - DAY_MS] });
    const early = certificateOf('early', { keyOf: sender, valid: [now + DAY_MS, now + 9 * DAY_MS] });
    const url = await start({ source: { client_key_sha256: [sender.keySha256] } });
    for (const one of [old, early]) expect(await deliver(url, one)).toBe(NO);
  });

  test('where issuers are named, the right key with a certificate of somebody else is not enough', async () => {
    const issuer = certificateOf('issuer', { isIssuer: true });
    const issued = certificateOf('a sender', { issuer, keyOf: sender });
    const url = await start({ issuer, source: { client_key_sha256: [sender.keySha256] } });
    expect(await deliver(url, issued)).toBe(YES);
    expect(await deliver(url, sender)).toBe(NO);
    expect(await deliver(url, certificateOf('another', { issuer }))).toBe(NO);
  });

  test('where a token and a certificate are named, both are needed', async () => {
    const source = { client_key_sha256: [sender.keySha256], secret_file: 'secrets/prometheus.secret' };
    const url = await start({ source });
    expect(await deliver(url, sender, TOKEN)).toBe(YES);
    expect(await deliver(url, sender)).toBe(NO);
    expect(await deliver(url, sender, 'wrong')).toBe(NO);
    expect(await deliver(url, undefined, TOKEN)).toBe(NO);
  });
});

describe('no api starts', () => {
  const pinned = { client_key_sha256: [sender.keySha256] };

  test.each<readonly [string, Change, RegExp]>([
    ['whose source pins a certificate that nobody asks for', { source: pinned, tls: false }, /needs \[listen\.tls\]/],
    ['that names issuers and no certificate', { issuer: server }, /client_ca_file: no source/],
    ['whose source proves itself by nothing', { source: {} }, /secret_file: name/],
    ['with a pin that is none', { source: { client_key_sha256: ['ab'] } }, /client_key_sha256/],
    ['with the key of another certificate', { keyOf: sender }, /cannot be used/],
    ['with a key that others can read', { keyMode: 0o644 }, /may be read by others/],
  ])('%s', async (_what, change, says) => {
    await expect(start(change)).rejects.toThrow(says);
  });
});
