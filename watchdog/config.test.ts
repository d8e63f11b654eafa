import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { loadWatchdogConfig } from './config.ts';
import { initWatchdog } from './init.ts';
import { recall, remember, emptyMemory } from './memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchdog-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const load = (text: string) => {
  writeFileSync(join(folder, 'watchdog.toml'), text);
  return loadWatchdogConfig(join(folder, 'watchdog.toml'), () => undefined);
};
const GOOD = `network = "laptop"\nenvironment = "production"\n[temporal]\naddress = "127.0.0.1:7233"\n[channels.page]\nuse = "memory"\n`;

test('the example that ships is a good one', () => {
  const example = join(import.meta.dirname, '..', 'ops', 'watchdog', 'watchdog.toml');
  expect(readFileSync(example, 'utf8')).not.toMatch(/secret *=/);
  expect(Object.keys(loadWatchdogConfig(example, () => undefined).channels).length).toBeGreaterThanOrEqual(2);
});

test.each([
  ['no channel at all', GOOD.replace('[channels.page]\nuse = "memory"\n', ''), 'channels'],
  ['a word that is none', `colour = "red"\n${GOOD}`, 'colour'],
  [
    'a worker that would look dead between two polls',
    GOOD.replace('[channels', 'worker_silent_seconds = 5\n[channels'),
    'worker_silent_seconds',
  ],
])('a file with %s is refused with its field', (_what, text, field) => {
  expect(() => load(text)).toThrow(new RegExp(field));
});

test('a file that is too large, no text or no TOML is refused by its name', () => {
  expect(() => load(`# ${'x'.repeat(65_536)}\n${GOOD}`)).toThrow(
    expect.objectContaining({ code: 'input.watchdog-file' }),
  );
  writeFileSync(join(folder, 'bytes.toml'), Buffer.from([0xff, 0xfe]));
  expect(() => loadWatchdogConfig(join(folder, 'bytes.toml'), () => undefined)).toThrow(
    expect.objectContaining({ code: 'input.watchdog-file' }),
  );
  expect(() => load('network = ')).toThrow(expect.objectContaining({ code: 'input.watchdog-syntax' }));
});

test('what is remembered is what is recalled; a damaged memory is named and not guessed', async () => {
  const file = join(folder, 'memory.json');
  expect(await recall(file)).toEqual(emptyMemory());
  const memory = {
    ...emptyMemory(),
    lost: { temporal: 5 },
    incidents: { 'incident/a/b': { runId: 'r', title: 't', severity: 'SEV1' } },
  };
  await remember(file, memory);
  expect(await recall(file)).toEqual(memory);
  writeFileSync(file, '{"version":2}');
  await expect(recall(file)).rejects.toMatchObject({ code: 'input.watchdog-file' });
});

const facts = {
  network: 'laptop',
  environment: 'drill',
  temporal: '127.0.0.1:7233',
  api: 'http://127.0.0.1:9090',
  webhook: 'https://siren.example.org/firebreak',
};

test('init writes a file that is good, and a secret that only its owner reads, once', async () => {
  const dir = join(folder, 'new');
  const { configFile, secretFile } = await initWatchdog({ ...facts, dir });
  const config = loadWatchdogConfig(configFile, () => undefined);
  expect(config).toMatchObject({
    network: 'laptop',
    environment: 'drill',
    apis: ['http://127.0.0.1:9090'],
    heartbeats: { prometheus: 5 },
    channels: { siren: { use: 'webhook', settings: { url: facts.webhook } } },
  });
  expect(statSync(secretFile).mode & 0o777).toBe(0o400);
  expect(readFileSync(secretFile, 'utf8').trim()).toMatch(/^[\w-]{43}$/);
  await expect(initWatchdog({ ...facts, dir })).rejects.toMatchObject({ code: 'conflict.watchdog-exists' });
});

test.each([
  ['an environment that is none', { environment: 'prod' }, /environment: write one of/],
  ['an api that is no address', { api: 'over there' }, /apis/],
  ['a webhook that is no address', { webhook: 'over there' }, /watchdog\.toml:\d+: url: write an address/],
])('init refuses %s before it makes a folder', async (_what, change, says) => {
  const dir = join(folder, 'refused');
  await expect(initWatchdog({ ...facts, ...change, dir })).rejects.toThrow(says);
  expect(existsSync(dir)).toBe(false);
});
