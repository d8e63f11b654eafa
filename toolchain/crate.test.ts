import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { builtFolder } from './cache.mjs';
import { buildFromCrate } from './crate.mjs';
import type { Recipe } from './recipes.mjs';

/** Keeps the crate where cargo does, under the folder of a registry. */
const CARGO = `#!/bin/sh
mkdir -p "$CARGO_HOME/registry/cache/any-registry" && cp "$STUB/crate.tgz" "$CARGO_HOME/registry/cache/any-registry/sources-of-it-1.2.3.crate"
`;
const CMAKE = `#!/bin/sh
echo "$*" >> "$STUB/calls"
if [ "$1" = -G ]; then
  [ -e "$4/header.h" ] || { echo "no sources"; exit 1; }
  [ -e "$STUB/lacking" ] && { echo "Boost is missing"; exit 1; }
  mkdir -p "$6/bin"; exit 0
fi
[ -e "$STUB/nothing" ] && exit 0
echo "[ 50%] Building CXX object"; printf '#!/bin/sh\\necho made\\n' > "$2/bin/made"; chmod +x "$2/bin/made"
`;

describe('a program whose sources come in a crate', () => {
  let folder: string;
  let scratch: string;
  let recipe: Recipe;
  let installed: readonly string[][];
  const before = { PATH: process.env['PATH'], STUB: process.env['STUB'], CARGO_HOME: process.env['CARGO_HOME'] };
  const crate = {
    name: 'sources-of-it',
    version: '1.2.3',
    sha256: '',
    folder: 'inner',
    target: 'made',
    program: 'bin/made',
    flags: ['-DTESTS=OFF'],
    include: '',
    project: 'Made',
    debian: ['libmade-dev'],
  };
  const place = (...names: string[]) => path.join(folder, ...names);

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-crate-'));
    scratch = place('scratch');
    for (const each of ['bin', 'scratch', 'sources-of-it-1.2.3/inner']) mkdirSync(place(each), { recursive: true });
    for (const [name, text] of Object.entries({ cargo: CARGO, cmake: CMAKE })) {
      writeFileSync(place('bin', name), text);
      chmodSync(place('bin', name), 0o755);
    }
    writeFileSync(place('sources-of-it-1.2.3/inner/header.h'), '');
    execFileSync('tar', ['-czf', 'crate.tgz', 'sources-of-it-1.2.3'], { cwd: folder });
    const sha256 = createHash('sha256')
      .update(readFileSync(place('crate.tgz')))
      .digest('hex');
    recipe = {
      name: 'made',
      title: 'Made',
      purpose: 'a test',
      version: '1.2.3',
      crate: { ...crate, sha256, include: place('made.cmake') },
    };
    writeFileSync(place('made.cmake'), '# of a test');
    installed = [];
    process.env['PATH'] = `${place('bin')}:${before.PATH}`;
    process.env['STUB'] = folder;
    process.env['CARGO_HOME'] = place('cargo');
  });

  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const build = (progress: object = {}) => {
    if (recipe.crate === undefined) throw new Error('the recipe names a crate');
    const install = (packages: readonly string[]) => {
      installed = [...installed, [...packages]];
      return Promise.resolve({ installed: false, detail: 'type: install libmade-dev' });
    };
    return buildFromCrate(recipe, recipe.crate, scratch, progress, place('made.log'), install);
  };

  test('is built from them, shows how far it is, installs nothing that it does not need, and keeps only the program', async () => {
    const counts: number[] = [];
    await build({ count: (done: number) => counts.push(done) });
    expect(readFileSync(path.join(scratch, 'made'), 'utf8')).toContain('echo made');
    expect(readdirSync(scratch)).toEqual(['made']);
    expect(counts).toEqual([50]);
    expect(installed).toEqual([]);
    expect(readFileSync(place('calls'), 'utf8')).toContain(
      `-DCMAKE_PROJECT_Made_INCLUDE=${place('made.cmake')} -DTESTS=OFF`,
    );
  });

  test('is not built from a crate with other bytes than the pinned ones, whatever cargo thinks of them', async () => {
    appendFileSync(place('crate.tgz'), 'x');
    await expect(build()).rejects.toMatchObject({ code: 'policy.tool-source' });
    expect(existsSync(place('calls'))).toBe(false);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('whose build lacks something installs it, and says what to type where that does not help', async () => {
    writeFileSync(place('lacking'), '');
    await expect(build()).rejects.toThrow('configuring Made failed; type: install libmade-dev');
    expect(installed).toEqual([['libmade-dev']]);
    expect(readFileSync(place('made-configure.log'), 'utf8')).toContain('Boost is missing');
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('that the build leaves nowhere is a failed build and no crash of whoever asked', async () => {
    writeFileSync(place('nothing'), '');
    await expect(build()).rejects.toMatchObject({ code: 'unavailable.tool-build' });
  });

  test('lives in another folder of the cache when the crate, a flag or the script changes', () => {
    writeFileSync(place('other.cmake'), '# another');
    const include = place('made.cmake');
    const others = [{}, { sha256: 'cd'.repeat(32) }, { flags: [] }, { include: place('other.cmake') }].map(
      (change) => ({
        ...recipe,
        crate: { ...crate, include, ...change },
      }),
    );
    expect(new Set(others.map((each) => builtFolder(each, place('cache')))).size).toBe(4);
  });
});
