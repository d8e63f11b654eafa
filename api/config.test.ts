import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { loadApiConfig } from './config.ts';
import { initApi } from './init.ts';

const folder = mkdtempSync(join(tmpdir(), 'firebreak-api-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const good = `
log_level = "warn"

[temporal]
address = "127.0.0.1:7233"

[playbooks]
folder = "playbooks"
catalogue_file = "catalogue.yaml"

[sources.prometheus]
use = "alertmanager"
networks = ["laptop"]
playbooks = ["validator-offline"]
secret_file = "token"
`;
const file = join(folder, 'api.toml');
function load(text: string, environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(file, text);
  return loadApiConfig(file, (name) => environment[name]);
}
function failure(text: string): string {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakFailure) return `${error.code} ${error.message.replace(file, 'api.toml')}`;
    throw error;
  }
  return 'nothing';
}

test('a good file is read, with defaults, absolute paths and the plug-in’s part apart', () => {
  const config = load(good);
  expect(config).toMatchObject({
    listen: { host: '127.0.0.1', port: 8080 },
    metrics: { host: '127.0.0.1', port: 9090 },
    temporal: { namespace: 'default', taskQueue: 'firebreak', apiKey: undefined },
    playbooks: { folder: join(folder, 'playbooks') },
    limits: { bodyBytesMax: 1_048_576 },
  });
  expect(config.sources[0]).toMatchObject({
    name: 'prometheus',
    limits: { networks: ['laptop'], playbooks: ['validator-offline'] },
    plugin: { kind: 'alert-source', use: 'alertmanager', settings: { secret_file: 'token' } },
  });
  expect(config.sources[0]?.plugin.where.lineOf(['secret_file'])).toBe(15);
});

test('inputs of playbooks are read as they are written', () => {
  const { playbooks } = load(`${good}\n[playbooks.inputs.validator-offline]\nholdFor = "20m"\nenough = 12`);
  expect(playbooks.inputs).toEqual({ 'validator-offline': { holdFor: '20m', enough: 12 } });
});

test.each<readonly [string, (text: string) => string, RegExp]>([
  ['no TOML', (text) => `${text}\nx = `, /^input\.api-syntax api\.toml:1[67]: column/],
  [
    'a misspelt setting',
    (text) => text.replace('log_level', 'log_levels'),
    /^input\.config api\.toml:2: log_levels: is not a setting/,
  ],
  [
    'a port out of range',
    (text) => `${text}\n[listen]\nport = 70000`,
    /^input\.config api\.toml:18: listen\.port: ports end/,
  ],
  [
    'no network',
    (text) => text.replace('["laptop"]', '[]'),
    /^input\.config api\.toml:13: sources\.prometheus\.networks: name at least one network/,
  ],
  ['no playbook', (text) => text.replace('playbooks = ["validator-offline"]\n', ''), /sources\.prometheus\.playbooks/],
  ['a source without a plug-in', (text) => text.replace('use = "alertmanager"\n', ''), /sources\.prometheus\.use/],
  [
    'a name that would be part of an address',
    (text) => text.replace('sources.prometheus', 'sources."../x"'),
    /^input\.config/,
  ],
  ['no source', (text) => text.slice(0, text.indexOf('[sources')), /sources/],
])('%s is refused with its line', (_what, change, says) => {
  expect(failure(change(good))).toMatch(says);
});

test('the API key comes from the variable that the file names, or the start is refused', () => {
  const named = good.replace('[playbooks]', 'api_key_env = "KEY"\n\n[playbooks]');
  expect(load(named, { KEY: 'k' }).temporal.apiKey).toBe('k');
  expect(failure(named)).toMatch(/^input\.api-secret api\.toml:7: temporal\.api_key_env: the variable KEY is not set/);
});

test('init writes a file that is good, and secrets that only their owner reads, once', async () => {
  const dir = join(folder, 'new');
  const { configFile, secretFiles } = await initApi({ dir, network: 'laptop', temporal: '127.0.0.1:7233' });
  const config = loadApiConfig(configFile, () => undefined);
  expect(config.sources.map(({ name }) => name)).toEqual(['prometheus', 'scripts']);
  for (const secret of secretFiles) {
    expect(statSync(secret).mode & 0o777).toBe(0o400);
    expect(readFileSync(secret, 'utf8').trim()).toMatch(/^[\w-]{43}$/);
  }
  expect(new Set(secretFiles.map((secret) => readFileSync(secret, 'utf8'))).size).toBe(secretFiles.length);
  await expect(initApi({ dir, network: 'laptop', temporal: '127.0.0.1:7233' })).rejects.toThrow('exists already');
});

test('init that cannot write says where and why, and leaves nothing behind', async () => {
  const place = join(folder, 'a-file');
  writeFileSync(place, '');
  await expect(
    initApi({ dir: join(place, 'new'), network: 'laptop', temporal: '127.0.0.1:7233' }),
  ).rejects.toMatchObject({
    code: 'unavailable.disk-write',
    message: expect.stringContaining(place),
  });
  expect(readFileSync(place, 'utf8')).toBe('');
});
