import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseBitcoinConfig } from './config.ts';
import { authorizationOf } from './credentials.ts';
import { basicAuthorization } from './rpc.ts';

const where = { file: 'validator.toml', lineOf: () => 7 };
const url = 'http://127.0.0.1:18443';

test('one address, or several, is all that is needed', () => {
  expect(parseBitcoinConfig({ rpc_url: url }, where)).toMatchObject({
    rpc_urls: [url],
    poll_interval_ms: 1_000,
    reorg_depth_max: 6,
    fee_floor_sats_per_kvb: 1_000,
  });
  expect(parseBitcoinConfig({ rpc_urls: [url, 'https://other:1'] }, where).rpc_urls).toHaveLength(2);
});

test.each<[string, object, string]>([
  ['no node', {}, 'rpc_urls'],
  ['both forms of address', { rpc_url: url, rpc_urls: [url] }, 'rpc_url'],
  ['the same node twice', { rpc_urls: [url, url] }, 'rpc_urls'],
  ['credentials inside an address', { rpc_url: 'http://me:secret@127.0.0.1:1' }, 'rpc_url'],
  ['another protocol', { rpc_url: 'ftp://127.0.0.1' }, 'rpc_url'],
  ['a password in the file', { rpc_url: url, rpc_password: 'secret' }, 'rpc_password'],
  ['a user without a password', { rpc_url: url, rpc_user: 'me' }, 'rpc_user'],
  ['a password without a user', { rpc_url: url, rpc_password_env: 'X' }, 'rpc_user'],
  ['two ways to a password', { rpc_url: url, rpc_password_env: 'X', rpc_cookie_file: '/c' }, 'rpc_cookie_file'],
  ['a cap below the floor', { rpc_url: url, fee_cap_sats_per_kvb: 500 }, 'fee_cap_sats_per_kvb'],
  ['no confirmations at all', { rpc_url: url, reorg_depth_max: 0 }, 'reorg_depth_max'],
  ['a fraction of a millisecond', { rpc_url: url, poll_interval_ms: 20.5 }, 'poll_interval_ms'],
])('%s is refused with file, line and field, and without the value', (_what, section, field) => {
  let failure: unknown;
  try {
    parseBitcoinConfig(section, where);
  } catch (cause) {
    failure = cause;
  }
  expect(failure).toMatchObject({ code: 'input.config', details: { file: 'validator.toml', line: 7, field } });
  expect(String(failure)).not.toContain('secret');
});

test('the password comes from the environment, a file or the cookie, anew for each call', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-credentials-'));
  try {
    const file = join(dir, 'secret');
    await writeFile(file, 'first\n');
    const config = (extra: object) => parseBitcoinConfig({ rpc_url: url, ...extra }, where);
    const fromEnv = authorizationOf(config({ rpc_user: 'me', rpc_password_env: 'RPC' }), (name) =>
      name === 'RPC' ? 'pw' : undefined,
    );
    expect(await fromEnv()).toBe(basicAuthorization('me', 'pw'));
    const fromFile = authorizationOf(config({ rpc_user: 'me', rpc_password_file: file }), () => undefined);
    expect(await fromFile()).toBe(basicAuthorization('me', 'first'));
    await writeFile(file, '__cookie__:second');
    const fromCookie = authorizationOf(config({ rpc_cookie_file: file }), () => undefined);
    expect(await fromCookie()).toBe(basicAuthorization('__cookie__', 'second'));
    await rm(file);
    await expect(fromCookie()).rejects.toMatchObject({ code: 'unavailable.node-down' });
    await expect(fromFile()).rejects.toMatchObject({ code: 'input.node-credentials' });
    const unset = authorizationOf(config({ rpc_user: 'me', rpc_password_env: 'RPC' }), () => undefined);
    await expect(unset()).rejects.toMatchObject({ code: 'input.node-credentials' });
    expect(await authorizationOf(config({}), () => undefined)()).toBeUndefined();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
