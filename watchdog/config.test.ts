import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { loadWatchdogConfig } from './config.ts';
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
