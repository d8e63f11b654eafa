import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { genesis } from '../domain/approval/testkit/voting.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { writeCoordinatorConfig } from './config/write.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { PluginHost } from '../plugins/host.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { loadConfig, parseConfigText } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'coordinator-'));
afterAll(() => rmSync(folder, { recursive: true }));

const good = writeCoordinatorConfig({
  genesisFile: 'network.json',
  identityFile: 'identity.key',
  temporal: { address: '127.0.0.1:7233' },
  bitcoin: { rpcUrls: ['http://127.0.0.1:18443'], rpcUser: 'u', rpcPasswordEnv: 'BTC_PASSWORD' },
  blobsFolder: 'blobs',
  termsFolder: 'terms',
  metricsPort: 9_100,
});
const parse = (text: string) => parseConfigText(text, { file: 'coordinator.toml', lineOf: linesOf(text) });
const refusal = (work: () => unknown): FirebreakFailure => {
  try {
    work();
  } catch (error) {
    if (error instanceof FirebreakFailure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('what is written is read back, with defaults for the rest', () => {
  const toml = parse(good);
  expect(toml.temporal).toMatchObject({
    address: '127.0.0.1:7233',
    namespace: 'default',
    task_queue: 'firebreak',
    tls: false,
  });
  expect(toml.bitcoin).toMatchObject({ use: 'bitcoin', rpc_urls: ['http://127.0.0.1:18443'] });
  expect(toml.blobs).toEqual({ use: 'folder', folder: 'blobs' });
});

test('an unknown setting is named with its line', () => {
  const wrong = refusal(() => parse(good.replace('[metrics]', '[metrics]\ncolour = "red"')));
  expect(wrong.code).toBe('input.coordinator-field');
  expect(wrong.message).toMatch(/^coordinator\.toml:\d+: metrics\.colour: is not a setting here/);
});

test('a missing section, a wrong type and a wrong range are named', () => {
  expect(refusal(() => parse('[temporal]\naddress = "127.0.0.1:7233"')).message).toContain('network:');
  expect(refusal(() => parse(good.replace('"127.0.0.1:7233"', '7233'))).message).toContain(
    'temporal.address: write "host:port"',
  );
  expect(refusal(() => parse(good.replace('9100', '99999'))).message).toContain('metrics.port: ports end at 65535');
});

test('text that is not TOML is refused with line and column', () => {
  const wrong = refusal(() => parse('[temporal\naddress = 1'));
  expect(wrong.code).toBe('input.coordinator-syntax');
  expect(wrong.message).toMatch(/coordinator\.toml:1: column \d+/);
});

test('a missing file and a missing genesis are told apart', () => {
  expect(refusal(() => loadConfig(join(folder, 'absent.toml'), () => undefined)).message).toContain(
    'coordinator configuration',
  );
  writeFileSync(join(folder, 'coordinator.toml'), good);
  expect(refusal(() => loadConfig(join(folder, 'coordinator.toml'), () => undefined)).message).toContain(
    'network genesis',
  );
});

test('an API key comes from the variable that the file names, and from nowhere else', () => {
  const file = join(folder, 'cloud.toml');
  writeFileSync(file, good.replace('[temporal]', '[temporal]\napi_key_env = "TEMPORAL_KEY"'));
  const wrong = refusal(() => loadConfig(file, () => undefined));
  expect(wrong.code).toBe('input.coordinator-secret');
  expect(wrong.message).toContain('TEMPORAL_KEY');
});

test('a channel is a section of its own, and its notifier names file, line and field of what is wrong there', async () => {
  const file = join(folder, 'channels.toml');
  writeFileSync(join(folder, 'here.json'), encodeDocument(genesis));
  const text = `${good.replace('network.json', 'here.json')}\n[channels.pager]\nuse = "pagerduty"\nrouting_key_file = "pager.key"\ncolour = "red"\n`;
  writeFileSync(file, text);
  const { channels } = loadConfig(file, () => 'x');
  expect(Object.keys(channels)).toEqual(['pager']);
  const line = text.split('\n').indexOf('colour = "red"') + 1;
  const section = channels['pager'];
  if (section === undefined) throw new Error('no section');
  await expect(new PluginHost().check(section)).rejects.toMatchObject({
    code: 'input.config',
    message: expect.stringContaining(`channels.toml:${line}: colour: is not a setting of this plug-in`),
  });
});

test('a channel with a name that no playbook could write, or without a notifier, is refused', () => {
  expect(refusal(() => parse(`${good}\n[channels."Bad Name"]\nuse = "slack"\n`)).message).toContain('channels');
  expect(refusal(() => parse(`${good}\n[channels.pager]\ncolour = "red"\n`)).message).toContain('channels.pager.use');
});
