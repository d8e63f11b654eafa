import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildByRecipe } from './build.mjs';
import { builtFolder } from './cache.mjs';
import type { Recipe } from './recipes.mjs';

/** A `go` of our own on PATH: it writes the program after the time that a file asks for, and counts its calls. */
const GO = `#!/bin/sh
echo called >> "$STUB/calls"
while [ "$#" -gt 1 ]; do [ "$1" = -o ] && output=$2; shift; done
echo half > "$output"
[ -e "$STUB/hang" ] && exec sleep 60
[ -e "$STUB/fail" ] && { echo "undefined: something"; exit 1; }
printf '#!/bin/sh\\necho made\\n' > "$output"; chmod +x "$output"
`;

describe('building a tool', () => {
  let folder: string;
  let cache: string;
  let recipe: Recipe;
  const before = { PATH: process.env['PATH'], STUB: process.env['STUB'] };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-build-'));
    cache = path.join(folder, 'cache');
    for (const place of ['bin', 'module', 'cache']) mkdirSync(path.join(folder, place));
    for (const file of ['go.mod', 'go.sum']) writeFileSync(path.join(folder, 'module', file), file);
    writeFileSync(path.join(folder, 'bin', 'go'), GO);
    chmodSync(path.join(folder, 'bin', 'go'), 0o755);
    process.env['PATH'] = `${path.join(folder, 'bin')}:${before.PATH}`;
    process.env['STUB'] = folder;
    const go = { folder: path.join(folder, 'module'), target: 'example.org/made', flags: ['-trimpath'], packages: 3 };
    recipe = { name: 'made', title: 'Made', purpose: 'a test', version: '1.0.0', go };
  });

  afterEach(() => {
    process.env['PATH'] = before.PATH;
    if (before.STUB === undefined) delete process.env['STUB'];
    rmSync(folder, { recursive: true, force: true });
  });

  const calls = () => readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n').length;
  const programs = () => readdirSync(cache).filter((name) => existsSync(path.join(cache, name, 'made')));

  test('happens once, also when two ask at the same time', async () => {
    const built = await Promise.all([buildByRecipe(recipe, {}, cache), buildByRecipe(recipe, {}, cache)]);
    expect(built[0]).toBe(built[1]);
    expect(readFileSync(built[0], 'utf8')).toContain('echo made');
    expect(calls()).toBe(1);
    expect(programs()).toEqual([path.basename(builtFolder(recipe, cache))]);
  });

  test('is for whoever has no package of Debian', async () => {
    const aptGet = path.join(folder, 'bin', 'apt-get');
    writeFileSync(aptGet, '#!/bin/sh\nexit 100\n');
    chmodSync(aptGet, 0o755);
    const built = await buildByRecipe({ ...recipe, archive: { package: 'made', member: 'usr/bin/made' } }, {}, cache);
    expect(readFileSync(built, 'utf8')).toContain('echo made');
    expect(readdirSync(path.dirname(built))).toEqual(['made']);
  });

  test('happens again when a pin changes, and the old program keeps its own folder', async () => {
    const first = await buildByRecipe(recipe, {}, cache);
    writeFileSync(path.join(folder, 'module', 'go.sum'), 'another hash');
    const second = await buildByRecipe(recipe, {}, cache);
    expect(second).not.toBe(first);
    expect(existsSync(first)).toBe(true);
  });

  test('that fails names its log and leaves no program', async () => {
    writeFileSync(path.join(folder, 'fail'), '');
    const failure = await buildByRecipe(recipe, {}, cache).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unavailable.tool-build', log: path.join(cache, 'logs', 'made.log') });
    expect(readFileSync(path.join(cache, 'logs', 'made.log'), 'utf8')).toContain('undefined: something');
    expect(programs()).toEqual([]);
    rmSync(path.join(folder, 'fail'));
    await expect(buildByRecipe(recipe, {}, cache)).resolves.toContain('made');
  });

  test('that is killed leaves nothing that the next one could take for a program', async () => {
    writeFileSync(path.join(folder, 'hang'), '');
    const script = `import { buildByRecipe } from ${JSON.stringify(import.meta.resolve('./build.mjs'))};
      await buildByRecipe(${JSON.stringify(recipe)}, {}, ${JSON.stringify(cache)});`;
    const builder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'ignore',
      env: { ...process.env },
    });
    await fileAppears(folder, 'calls');
    builder.kill('SIGKILL');
    await once(builder, 'exit');

    expect(existsSync(builtFolder(recipe, cache))).toBe(false);
    rmSync(path.join(folder, 'hang'));
    const built = await buildByRecipe(recipe, {}, cache);
    expect(readFileSync(built, 'utf8')).toContain('echo made');
    expect(programs()).toEqual([path.basename(builtFolder(recipe, cache))]);
  });
});

async function fileAppears(folder: string, name: string): Promise<void> {
  const limit = AbortSignal.timeout(15_000);
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(folder, () => existsSync(path.join(folder, name)) && done());
    const done = () => {
      watcher.close();
      resolve();
    };
    limit.addEventListener('abort', () => reject(new Error(`${name} did not appear`)));
    if (existsSync(path.join(folder, name))) done();
  });
}
