import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { PLUGIN_KINDS } from '../../domain/plugin/manifest.ts';
import { builtinPlugins } from '../../plugins/registry.ts';
import { checkPlugin } from './check.ts';

test.each(['memory', 'chain/memory'])(
  'a built-in plug-in is found as a configuration and as the list names it: %s',
  async (name) => {
    const { data } = await checkPlugin(name, { kind: 'chain' });
    expect(data['manifest']).toMatchObject({ kind: 'chain', name: 'memory' });
  },
);

test('a kind that has a plug-in is a kind', () => {
  expect([...PLUGIN_KINDS].sort()).toEqual([...new Set(builtinPlugins.map(({ kind }) => kind))].sort());
});

test.each(['alert-source', 'notifier'])('a plug-in of every kind can be checked: %s', async (kind) => {
  const missing = checkPlugin('./missing.mjs', { kind });
  await expect(missing).rejects.toMatchObject({ code: 'input.plugin-unknown' });
});

test('the name of another kind is not taken for one of this kind', async () => {
  await expect(checkPlugin('keystore/memory', { kind: 'chain' })).rejects.toMatchObject({
    code: 'input.plugin-unknown',
  });
});

test.each(['./missing.mjs', '/nonexistent/plugin.mjs'])(
  'a file that is not there is named as such: %s',
  async (name) => {
    await expect(checkPlugin(name, { kind: 'chain' })).rejects.toMatchObject({
      code: 'input.plugin-unknown',
      message: expect.stringMatching(new RegExp(`${name}.*there is no such file`)),
    });
  },
);

const folder = mkdtempSync(join(tmpdir(), 'firebreak-plugin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function module(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test.each([
  ['waits for ever', 'await new Promise(() => undefined);'],
  ['never gives the processor back', 'for (;;);'],
])('a module that %s is given up and its process is gone', async (_how, text) => {
  const file = module('hangs.mjs', text);
  await expect(checkPlugin(file, { kind: 'blob' }, 1_000)).rejects.toMatchObject({
    code: 'unavailable.plugin-hung',
    message: `plug-in ${file}: it was not loaded within 1000 ms`,
  });
});

test.each([
  ['process.exit(0);', 'exit code 0'],
  ["process.kill(process.pid, 'SIGKILL');", 'signal SIGKILL'],
])('a module that ends its process is a failure with a name: %s', async (text, end) => {
  const file = module('ends.mjs', text);
  await expect(checkPlugin(file, { kind: 'blob' })).rejects.toMatchObject({
    code: 'input.plugin-import',
    message: expect.stringContaining(`${file}: its module ended the process that loaded it (${end})`),
  });
});

test('a module that answers in place of its loader is not believed', async () => {
  const file = module(
    'answers.mjs',
    "process.send({ manifest: { name: 'good' } }); await new Promise(() => undefined);",
  );
  await expect(checkPlugin(file, { kind: 'blob' })).rejects.toMatchObject({ code: 'input.plugin-import' });
});

test.each([
  ['thrown.mjs', "throw new Error('no vendor\\nat line 1');", /thrown\.mjs: .*no vendor$/],
  ['node_modules/typed.ts', 'export const plugin: number = 1;', /ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING/],
])('an import that fails shows its cause and the file that was given: %s', async (name, text, says) => {
  const file = module(name, text);
  const refused = await checkPlugin(file, { kind: 'blob' }).catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'input.plugin-import', message: expect.stringMatching(says) });
  expect(refused).toMatchObject({ message: expect.stringContaining(`loading plug-in ${file}: `) });
});

test('a refused manifest names the file that was given', async () => {
  const file = module('empty.mjs', 'export const plugin = {};');
  await expect(checkPlugin(file, { kind: 'blob' })).rejects.toMatchObject({
    code: 'input.plugin-manifest',
    message: expect.stringContaining(`plug-in ${file}: manifest.`),
  });
});

test('the verb ends with a code of its own where the module ends the process with 0', () => {
  const main = join(import.meta.dirname, '..', 'main.ts');
  const file = module('ends.mjs', 'process.exit(0);');
  const ran = spawnSync(process.execPath, [main, 'plugins', 'check', file, '--kind', 'blob'], {
    timeout: 30_000,
    encoding: 'utf8',
  });
  expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining('refused input.plugin-import')]);
});
