import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ApiConfig } from './config.ts';
import { createApiMetrics } from './metrics.ts';
import { type Compiled, readPlaybooks } from './playbooks.ts';
import { replanning } from './replanning.ts';
import { PLAYBOOKS } from './testkit/delivering.ts';

const HOUR_MS = 3_600_000;
let folder = '';
let said: string[] = [];
let reread: readonly Compiled[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-replanning-'));
  cpSync(PLAYBOOKS, folder, { recursive: true });
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]): string => join(folder, ...names);
function begin(sources: ApiConfig['sources'] = [], more: Partial<ApiConfig['playbooks']> = {}) {
  const config = { playbooks: { folder, catalogueFile: at('catalogue.yaml'), inputs: {}, ...more }, sources };
  const metrics = createApiMetrics();
  const tell = (_about: unknown, message: string): void => void said.push(message);
  const loaded = readPlaybooks(config).compiled.map(({ plan }) => plan.name);
  const watch = replanning(config, loaded, metrics, tell, (now) => void (reread = now));
  const gauge = async (playbook: string): Promise<string | undefined> =>
    new RegExp(`firebreak_api_playbook_rotted\\{playbook="${playbook}"\\} (\\d)`).exec(await metrics.text())?.[1];
  return { watch, gauge };
}

test('a playbook that rots while the api runs is told once, until it is mended', async () => {
  const { watch, gauge } = begin();
  watch.look(0);
  expect([watch.rotted(), said]).toEqual([[], []]);
  const text = readFileSync(at('validator-offline', 'playbook.yaml'));
  appendFileSync(at('validator-offline', 'playbook.yaml'), '\ntimout: 3\n');
  watch.look(1);
  watch.look(2);
  expect(watch.rotted()).toEqual([{ name: 'validator-offline', reason: expect.stringContaining('timout') }]);
  expect(said).toEqual([
    expect.stringMatching(/^playbook validator-offline has rotted, the next start leaves it out: /),
  ]);
  expect(await gauge('validator-offline')).toBe('1');
  writeFileSync(at('validator-offline', 'playbook.yaml'), text);
  watch.look(3);
  expect([watch.rotted(), await gauge('validator-offline')]).toEqual([[], '0']);
});

test('a catalogue that offers less rots whatever needs it, and one that cannot be read rots all', async () => {
  const { watch, gauge } = begin();
  const catalogue = readFileSync(at('catalogue.yaml'), 'utf8');
  expect(catalogue).toContain('validator.pause:');
  writeFileSync(at('catalogue.yaml'), catalogue.replace('validator.pause:', 'validator.halt:'));
  watch.look(0);
  expect(watch.rotted().map(({ name }) => name)).toEqual(['identity-seen-twice', 'validator-offline']);
  writeFileSync(at('catalogue.yaml'), 'no catalogue');
  watch.look(1);
  expect(watch.rotted()).toEqual([{ name: 'all', reason: expect.any(String) }]);
  expect([await gauge('all'), await gauge('validator-offline')]).toEqual(['1', '0']);
});

test('a channel that the workers lose rots whatever notifies by it, until they have it back', () => {
  const coordinatorFile = at('coordinator.toml');
  const channels = /^channels: \[(.+)\]$/m.exec(readFileSync(at('catalogue.yaml'), 'utf8'))?.[1]?.split(', ') ?? [];
  const write = (names: readonly string[]): void =>
    writeFileSync(coordinatorFile, names.map((name) => `[channels.${name}]\nuse = "slack"\n`).join('\n'));
  write(channels);
  const { watch } = begin([], { coordinatorFile });
  watch.look(0);
  expect(watch.rotted()).toEqual([]);
  write(channels.filter((name) => name !== 'mail'));
  watch.look(1);
  // Each of the shipped ones pages by mail, or runs one that does.
  const refused = expect.stringMatching(/^workers refuse its runs: .* no channel is called mail/);
  expect([watch.rotted(), said.length]).toEqual([[{ name: 'all', reason: refused }], 1]);
  writeFileSync(coordinatorFile, '[channels');
  watch.look(2);
  expect(watch.rotted()).toEqual([{ name: 'all', reason: expect.stringContaining('coordinator.toml:1') }]);
  write(channels);
  watch.look(3);
  expect(watch.rotted()).toEqual([]);
  // What the files themselves lack is told as such, and once.
  appendFileSync(at('validator-offline', 'playbook.yaml'), '\ntimout: 3\n');
  watch.look(4);
  expect(watch.rotted()).toEqual([
    { name: 'validator-offline', reason: expect.stringMatching(/^the next start leaves it out: .*timout/) },
  ]);
});

test('a playbook that is gone has rotted too; and without any change it is planned again every hour', () => {
  const { watch } = begin();
  watch.look(0);
  rmSync(at('validator-offline'), { recursive: true });
  watch.look(1);
  expect(watch.rotted()).toEqual([
    { name: 'validator-offline', reason: 'the next start leaves it out: it is not in the folder any more' },
  ]);
  watch.look(HOUR_MS + 1);
  expect(said).toHaveLength(1);
});

test('a surprise while files are read is told as rotted under its name, and ends nothing', async () => {
  let broken = false;
  const sources: ApiConfig['sources'] = [];
  const { watch, gauge } = begin(
    new Proxy(sources, {
      get: (target, name) => {
        if (broken) throw new RangeError('nobody thought of this');
        return Reflect.get(target, name) as unknown;
      },
    }),
  );
  watch.look(0);
  broken = true;
  watch.look(HOUR_MS);
  watch.look(2 * HOUR_MS);
  expect(watch.rotted()).toEqual([
    { name: 'all', reason: 'the next start leaves it out: RangeError: nobody thought of this' },
  ]);
  expect(said).toEqual([expect.stringMatching(/^playbook all has rotted, .*: RangeError: nobody thought of this$/)]);
  broken = false;
  watch.look(3 * HOUR_MS);
  expect([watch.rotted(), await gauge('all')]).toEqual([[], '0']);
});

test('signatures that come under a playbook while the api runs are handed on with the next look, and half a file is not', () => {
  const { watch } = begin();
  watch.look(0);
  const plan = reread.find((each) => each.plan.name === 'validator-offline')?.digest;
  const signed = {
    endorsement: {
      version: 1,
      environment: 'development',
      network: 'laptop',
      committeeEpoch: 2,
      committee: 'c'.repeat(64),
      playbook: 'validator-offline',
      plan,
    },
    signatures: [],
  };
  const text = JSON.stringify(signed);
  const epochs = (): readonly (number | undefined)[] =>
    reread.flatMap(({ plan: { name }, endorsement }) =>
      name === 'validator-offline' ? [endorsement?.endorsement.committeeEpoch] : [],
    );
  expect(epochs()).toEqual([undefined]);
  writeFileSync(at('validator-offline', 'playbook.signed.json'), text.slice(0, 40));
  watch.look(1);
  expect(epochs()).toEqual([]);
  writeFileSync(at('validator-offline', 'playbook.signed.json'), text);
  watch.look(2);
  expect(epochs()).toEqual([2]);
});
