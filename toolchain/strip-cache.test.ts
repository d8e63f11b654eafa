import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { leanNodeFlags } from './lean-node.mjs';

let folder = '';
let cache = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-strip-'));
  cache = join(folder, 'cache');
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (text: string): string => {
  const file = join(folder, 'program.ts');
  writeFileSync(file, text);
  return file;
};
const environment = () => ({ ...process.env, FIREBREAK_STRIP_CACHE: cache });
const run = (file: string): string =>
  execFileSync(process.execPath, [...leanNodeFlags, file], { env: environment(), encoding: 'utf8' }).trim();

test('a file is stripped once and served from the cache afterwards', () => {
  const file = put('const answer: number = 42;\nconsole.log(answer);\n');
  expect(run(file)).toBe('42');
  const [kept] = readdirSync(cache);
  expect(readFileSync(join(cache, kept ?? ''), 'utf8')).not.toContain('number');
  writeFileSync(join(cache, kept ?? ''), "console.log('from the cache');\n");
  expect(run(file)).toBe('from the cache');
});

test('a changed file is another entry', () => {
  run(put('const answer: number = 42;\nconsole.log(answer);\n'));
  expect(run(put('const answer: number = 43;\nconsole.log(answer);\n'))).toBe('43');
  expect(readdirSync(cache)).toHaveLength(2);
});

test('threads of the process use it too', () => {
  const file = put(`
import { isMainThread, Worker } from 'node:worker_threads';
const where: string = isMainThread ? 'main' : 'thread';
console.log(where);
if (isMainThread) new Worker(new URL(import.meta.url));
`);
  expect(run(file).split('\n').sort()).toEqual(['main', 'thread']);
  expect(readdirSync(cache)).toHaveLength(1);
});

test('an error names the line of the source, also from the cache', () => {
  const file = put('type Gone = { readonly a: string };\n\nthrow new Error("here" satisfies string);\n');
  for (const _turn of [1, 2]) {
    const { stderr } = spawnSync(process.execPath, [...leanNodeFlags, file], { env: environment(), encoding: 'utf8' });
    expect(stderr).toContain('program.ts:3');
  }
});

test('what cannot be stripped is refused, and not kept', () => {
  const file = put('enum Colour { Red }\nconsole.log(Colour.Red);\n');
  const { status } = spawnSync(process.execPath, [...leanNodeFlags, file], { env: environment() });
  expect(status).not.toBe(0);
});

test('a cache that cannot be written to costs nothing but time', () => {
  writeFileSync(cache, 'a file where the folder should be');
  chmodSync(cache, 0o400);
  expect(run(put('const answer: number = 42;\nconsole.log(answer);\n'))).toBe('42');
});
