import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ConfigLocation } from '../domain/plugin/manifest.ts';
import type { BlobStore } from '../domain/ports/blob-store.ts';
import type { LifeCycle } from '../domain/ports/context.ts';
import { PluginHost } from './host.ts';
import type { BuiltinPlugin } from './registry.ts';
import { codeOf, promptly } from './testkit/tools.ts';

const where: ConfigLocation = { file: 'firebreak.toml', lineOf: (path) => (path.length === 0 ? undefined : 7) };
const never = (): Promise<never> => new Promise<never>(() => undefined);
const signal = new AbortController().signal;
const choice = (use: string, settings: unknown = {}) => ({ kind: 'blob', use, settings, where }) as const;

const methods = { put: async () => undefined, get: async () => undefined, has: async () => false };
const manifest = (name: string) => ({
  kind: 'blob',
  name,
  contractVersion: 1,
  summary: 'a plug-in of this test',
  capabilities: ['durable'],
  irreversible: [],
  configSchema: { type: 'object' },
});
const pluginOf = (name: string, life: LifeCycle = {}, change: object = {}) => ({
  manifest: manifest(name),
  parse: (input: unknown) => input,
  create: () => () => ({ ...methods, ...life }),
  ...change,
});
const builtin = (name: string, plugin: unknown = pluginOf(name)): BuiltinPlugin => ({
  kind: 'blob',
  name,
  load: async () => ({ plugin }),
});

const hostOf = (...builtins: BuiltinPlugin[]) => new PluginHost({ builtins, stepLimitMs: 40, healthLimitMs: 40 });

/** A host with three plug-ins of which the middle one misbehaves, and the order in which they acted. */
async function threeWith(misbehaviour: LifeCycle): Promise<{ host: PluginHost; acts: string[] }> {
  const acts: string[] = [];
  const good = (name: string): LifeCycle => ({
    start: async () => void acts.push(`start ${name}`),
    stop: async () => void acts.push(`stop ${name}`),
  });
  const host = hostOf(
    builtin('first', pluginOf('first', good('first'))),
    builtin('middle', pluginOf('middle', { ...good('middle'), ...misbehaviour })),
    builtin('last', pluginOf('last', good('last'))),
  );
  for (const name of ['first', 'middle', 'last']) await host.use(choice(name), {});
  return { host, acts };
}

const codes = (outcomes: readonly { plugin: string; failure?: FirebreakFailure }[]) =>
  outcomes.map(({ plugin, failure }) => `${plugin} ${failure?.code ?? 'ok'}`);

test('plug-ins start in order and stop in reverse, once', async () => {
  const { host, acts } = await threeWith({});
  await host.start(signal);
  await host.stop();
  await host.stop();
  expect(acts).toEqual(['start first', 'start middle', 'start last', 'stop last', 'stop middle', 'stop first']);
});

test.each([
  ['hangs', { start: never }, 'unavailable.plugin-hung'],
  ['throws', { start: () => Promise.reject(new Error('secret of the vendor')) }, 'unavailable.plugin-failed'],
  [
    'throws at once',
    {
      start: () => {
        throw new TypeError('boom');
      },
    },
    'unavailable.plugin-failed',
  ],
  [
    'fails by name',
    { start: () => Promise.reject(new FirebreakFailure('unavailable.token-absent', 'no token')) },
    'unavailable.token-absent',
  ],
] as const)('a plug-in that %s at start costs its own step and nothing else', async (_how, misbehaviour, code) => {
  const { host, acts } = await threeWith(misbehaviour);
  const outcomes = await host.startEach(signal);
  expect(codes(outcomes)).toEqual(['blob/first ok', `blob/middle ${code}`, 'blob/last ok']);
  expect(outcomes[1]?.failure?.message).not.toContain('secret');
  expect(acts).toEqual(['start first', 'start last']);
  await host.stop();
});

test('where everything is needed, the first failure stops what was started and is thrown by name', async () => {
  const { host, acts } = await threeWith({ start: never });
  expect(await codeOf(() => host.start(signal))).toBe('unavailable.plugin-hung');
  // The hung one is stopped too: it may have opened half of what it needs.
  expect(acts).toEqual(['start first', 'stop middle', 'stop first']);
});

test('a start that is called off tells the plug-in and waits no longer', async () => {
  let told = false;
  const stop = new AbortController();
  const { host } = await threeWith({
    start: (inner) =>
      new Promise<void>(() => {
        inner.addEventListener('abort', () => {
          told = true;
        });
        stop.abort(new FirebreakFailure('unavailable.stopping', 'the process stops'));
      }),
  });
  const outcomes = await host.startEach(stop.signal);
  expect(codes(outcomes).slice(1)).toEqual(['blob/middle unavailable.stopping', 'blob/last unavailable.stopping']);
  expect(told).toBe(true);
});

test.each([
  ['hangs', { stop: never }, 'unavailable.plugin-hung'],
  ['throws', { stop: () => Promise.reject(new Error('boom')) }, 'unavailable.plugin-failed'],
] as const)('a plug-in that %s at stop does not keep the others open', async (_how, misbehaviour, code) => {
  const { host, acts } = await threeWith(misbehaviour);
  await host.start(signal);
  expect(codes(await host.stop())).toEqual(['blob/last ok', `blob/middle ${code}`, 'blob/first ok']);
  expect(acts.slice(-2)).toEqual(['stop last', 'stop first']);
});

test.each([
  ['hangs', { health: never }, 'down'],
  ['throws', { health: () => Promise.reject(new Error('boom')) }, 'down'],
  ['answers nonsense', { health: async () => ({ state: 'splendid' }) as unknown as { state: 'ok' } }, 'degraded'],
  ['answers nothing', { health: async () => undefined as unknown as { state: 'ok' } }, 'degraded'],
] as const)('the health of a plug-in that %s is trouble of that plug-in alone', async (_how, misbehaviour, state) => {
  const { host } = await threeWith(misbehaviour);
  const health = await host.health();
  expect(health.map((one) => one.state)).toEqual(['ok', state, 'ok']);
  expect(health[1]?.reason).toBeDefined();
});

test('a hung health check is not asked a second time', async () => {
  let asked = 0;
  const { host } = await threeWith({
    health: () => {
      asked += 1;
      return never();
    },
  });
  for (let round = 0; round < 3; round += 1) await host.health();
  expect(asked).toBe(1);
});

test('what a plug-in says about itself is cut to short texts, and a throwing description is left out', async () => {
  const { host } = await threeWith({ describe: () => ({ long: 'x'.repeat(5_000), number: 7 as unknown as string }) });
  expect(host.describe()['blob/middle']?.['long']?.length).toBe(200);
  expect(host.describe()['blob/middle']?.['number']).toBeUndefined();
  const throwing = await threeWith({
    describe: () => {
      throw new Error('boom');
    },
  });
  expect(throwing.host.describe()['blob/middle']).toEqual({});
});

test('a port that is made of parts lives as its parts do', async () => {
  const acts: string[] = [];
  const part = (name: string) => ({
    start: async () => void acts.push(`start ${name}`),
    stop: async () => void acts.push(`stop ${name}`),
  });
  const create = () => () => ({ ...methods, view: part('view'), fees: part('fees') });
  const host = hostOf(builtin('parts', pluginOf('parts', {}, { create })));
  await host.use(choice('parts'), {});
  await host.start(signal);
  await host.stop();
  expect(acts).toEqual(['start view', 'start fees', 'stop fees', 'stop view']);
});

test.each([
  ['exports nothing', null, 'input.plugin-manifest'],
  ['has no manifest', pluginOf('x', {}, { manifest: undefined }), 'input.plugin-manifest'],
  [
    'has a manifest without a summary',
    pluginOf('x', {}, { manifest: { ...manifest('x'), summary: '' } }),
    'input.plugin-manifest',
  ],
  ['has no create', pluginOf('x', {}, { create: undefined }), 'input.plugin-manifest'],
  ['has another name than its folder', pluginOf('y'), 'input.plugin-manifest'],
  ['is of another kind', pluginOf('x', {}, { manifest: { ...manifest('x'), kind: 'keystore' } }), 'input.plugin-kind'],
  [
    'was made for another contract',
    pluginOf('x', {}, { manifest: { ...manifest('x'), contractVersion: 2 } }),
    'input.plugin-contract',
  ],
  [
    'creates a port without its methods',
    pluginOf('x', {}, { create: () => () => ({ put: methods.put }) }),
    'input.plugin-port',
  ],
  ['creates nothing', pluginOf('x', {}, { create: () => () => undefined }), 'input.plugin-port'],
  [
    'throws when it is created',
    pluginOf(
      'x',
      {},
      {
        create: () => () => {
          throw new Error('boom');
        },
      },
    ),
    'unavailable.plugin-failed',
  ],
  [
    'throws when it reads its settings',
    pluginOf(
      'x',
      {},
      {
        parse: () => {
          throw new Error('boom');
        },
      },
    ),
    'input.config',
  ],
] as const)('a plug-in that %s is refused by name and leaves the host usable', async (_how, plugin, code) => {
  const host = hostOf(builtin('x', plugin), builtin('good'));
  expect(await codeOf(() => host.use(choice('x'), {}))).toBe(code);
  await host.use(choice('good'), {});
  expect(host.manifests().map(({ name }) => name)).toEqual(['good']);
});

test('a module that throws or never finishes loading is refused by name', async () => {
  const throwing: BuiltinPlugin = { kind: 'blob', name: 'throwing', load: () => Promise.reject(new Error('syntax')) };
  const hanging: BuiltinPlugin = { kind: 'blob', name: 'hanging', load: never };
  const host = hostOf(throwing, hanging);
  expect(await codeOf(() => host.use(choice('throwing'), {}))).toBe('input.plugin-import');
  expect(await codeOf(() => host.use(choice('hanging'), {}))).toBe('unavailable.plugin-hung');
});

test('an unknown plug-in is refused with the names that exist', async () => {
  const host = hostOf(builtin('good'));
  await expect(host.use(choice('goood'), {})).rejects.toThrow(/"goood"; built in are good/);
  expect(await codeOf(() => host.use(choice('not a name!'), {}))).toBe('input.plugin-unknown');
  expect(await codeOf(() => host.use(choice('./nowhere.js'), {}))).toBe('input.plugin-unknown');
  await expect(host.use(choice('./nowhere.js'), {})).rejects.toThrow(/"\.\/nowhere\.js".*there is no such file/);
});

test('settings are refused with file, line, field and remedy before anything is created', async () => {
  const host = new PluginHost();
  await expect(host.check(choice('folder', { foldr: 'x' }))).rejects.toThrow(
    'firebreak.toml:7: foldr: is not a setting of this plug-in',
  );
  await expect(host.check(choice('folder', { folder: 3 }))).rejects.toThrow(/firebreak\.toml:7: folder: /);
  expect((await host.check(choice('folder'))).capabilities).toContain('durable');
});

test('a missing capability is named together with who needs it', async () => {
  const host = hostOf(builtin('good'));
  await host.use(choice('good'), {});
  expect(host.can('blob', 'durable')).toBe(true);
  expect(() => host.require('blob', 'durable', 'payOut')).not.toThrow();
  expect(() => host.require('blob', 'pinned', 'payOut')).toThrow(
    'payOut needs a blob plug-in that can pinned; blob/good cannot',
  );
  expect(() => host.require('keystore', 'hardware', 'payOut')).toThrow('there is none');
});

test('third-party plug-ins come from a path or a package beside the configuration', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-host-'));
  const source = (name: string) => `export const plugin = {
    manifest: ${JSON.stringify(manifest(name))},
    parse: (input) => input,
    create: () => () => { const blobs = new Map(); return {
      put: async (bytes) => { blobs.set('x', bytes); return { digest: 'x', sizeBytes: bytes.length }; },
      get: async () => blobs.get('x'), has: async () => true }; },
  };`;
  try {
    await writeFile(join(dir, 'mine.mjs'), source('mine'));
    const home = join(dir, 'node_modules', '@acme', 'blob-store');
    await mkdir(join(home, 'lib'), { recursive: true });
    await writeFile(
      join(home, 'package.json'),
      JSON.stringify({
        name: '@acme/blob-store',
        type: 'module',
        exports: { '.': { types: './t.d.ts', import: './lib/main.js' } },
      }),
    );
    await writeFile(join(home, 'lib', 'main.js'), source('acme'));
    const beside: ConfigLocation = { file: join(dir, 'firebreak.toml'), lineOf: () => undefined };
    const host = new PluginHost();
    for (const use of ['./mine.mjs', '@acme/blob-store']) {
      const store = await host.use<BlobStore>({ kind: 'blob', use, settings: {}, where: beside }, {});
      expect((await store.put(new Uint8Array(3), promptly())).sizeBytes).toBe(3);
    }
    expect(host.manifests().map(({ name }) => name)).toEqual(['mine', 'acme']);
  } finally {
    await rm(dir, { recursive: true });
  }
});
