import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Plugin } from '../../domain/plugin/manifest.ts';
import type { Notifier } from '../../domain/ports/notifier.ts';
import { PluginHost } from '../../plugins/host.ts';
import { projectFolder } from '../../toolchain/recipes.mjs';

/** The guide, followed: its file is written where an outside author would write it, with Firebreak installed beside it. */
const guide = readFileSync(path.join(projectFolder, 'docs', 'plugins', 'notifier.md'), 'utf8');
const source = /```ts\n([^]*?)```/.exec(guide)?.[1] ?? '';
const folder = mkdtempSync(path.join(tmpdir(), 'firebreak-guide-'));
const file = path.join(folder, 'ntfy.ts');
mkdirSync(path.join(folder, 'node_modules'));
symlinkSync(projectFolder, path.join(folder, 'node_modules', 'firebreak'), 'dir');
writeFileSync(file, source);
writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
afterAll(() => rmSync(folder, { recursive: true }));

const shape = /```typescript\n([^]*?)```/.exec(guide)?.[1] ?? '';

/** A type as its file declares it, without comments. */
const declared = (name: string, from: string): string => {
  const text = readFileSync(path.join(projectFolder, 'domain', from), 'utf8').replaceAll(/ *\/\*\*[^]*?\*\/\n/g, '');
  return new RegExp(`export type ${name} = [^]*?\\n};`).exec(text)?.[0] ?? `no type ${name}`;
};

test.each([
  ['Notifier', 'ports/notifier.ts'],
  ['DeliveryReceipt', 'ports/notifier.ts'],
  ['Notice', 'notification/notice.ts'],
  ['EffectContext', 'ports/context.ts'],
  ['LifeCycle', 'ports/context.ts'],
])('the guide shows the type %s as it is', (name, from) => {
  expect(shape).toContain(declared(name, from));
});

test('the notifier of the guide is complete in 60 lines', () => {
  expect(source.trim().split('\n').length).toBeLessThanOrEqual(60);
  expect(source).toContain('export const plugin');
});

test('it compiles under the strict settings of this repository', () => {
  const settings = path.join(folder, 'tsconfig.json');
  const compilerOptions = { types: ['node'], typeRoots: [path.join(projectFolder, 'node_modules', '@types')] };
  writeFileSync(
    settings,
    JSON.stringify({
      extends: path.join(projectFolder, 'tsconfig.json'),
      compilerOptions,
      include: ['ntfy.ts'],
      exclude: [],
    }),
  );
  const compiler = path.join(projectFolder, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const run = (): string =>
    execFileSync(process.execPath, [compiler, '-p', settings], { encoding: 'utf8', timeout: 120_000 });
  expect(run()).toBe('');
  writeFileSync(file, `${source}\nexport const wrong: number = plugin;\n`);
  expect(run).toThrow();
  writeFileSync(file, source);
});

const load = async (): Promise<Plugin<unknown, unknown, Notifier>> =>
  ((await import(file)) as { plugin: Plugin<unknown, unknown, Notifier> }).plugin;

test('a coordinator takes it by its path and refuses wrong settings', async () => {
  const { manifest } = await load();
  expect(manifest.name).toBe('ntfy');
  const where = { file: path.join(folder, 'coordinator.toml'), lineOf: () => 3 };
  const host = new PluginHost();
  const choice = { kind: 'notifier', use: './ntfy.ts', where } as const;
  await expect(host.check({ ...choice, settings: {} })).rejects.toMatchObject({ code: 'input.config' });
  const settings = { url: 'http://127.0.0.1:1', topic: 'oncall' };
  expect((await host.check({ ...choice, settings })).name).toBe('ntfy');
});

// The proof of the guide, word for word, but for the runner: its suite registers its tests with this one.
const proof = path.join(folder, 'ntfy.test.js');
writeFileSync(proof, (/```js\n([^]*?)```/.exec(guide)?.[1] ?? '').replace("from 'vitest'", "from '@jest/globals'"));
await import(proof);
