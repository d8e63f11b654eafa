import {
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
import { buildByRecipe } from './build.mjs';
import { builtFolder } from './cache.mjs';
import type { Recipe } from './recipes.mjs';

/** What cargo leaves of a crate, with the digest that it checked. */
const CARGO = `#!/bin/sh
mkdir -p crates/sources-of-it && echo "{\\"files\\":{},\\"package\\":\\"$(cat "$STUB/digest")\\"}" > crates/sources-of-it/.cargo-checksum.json
`;
const CMAKE = `#!/bin/sh
echo "$*" >> "$STUB/calls"
[ "$1" = -S ] && { mkdir -p "$4/bin"; exit 0; }
[ -e "$STUB/fail" ] && { echo "no such header"; exit 1; }
echo "[ 50%] Building CXX object"; printf '#!/bin/sh\\necho made\\n' > "$2/bin/made"; chmod +x "$2/bin/made"
`;
const APT = '#!/bin/sh\necho "E: no network"; exit 100\n';
const PINNED = 'ab'.repeat(32);

describe('a program whose sources come in a crate', () => {
  let folder: string;
  let cache: string;
  const before = { PATH: process.env['PATH'], STUB: process.env['STUB'] };
  const crate = {
    name: 'sources-of-it',
    version: '1.2.3',
    sha256: PINNED,
    folder: 'inner',
    target: 'made',
    program: 'bin/made',
    flags: ['-DTESTS=OFF'],
    debian: ['libmade-dev'],
  };
  const recipe: Recipe = { name: 'made', title: 'Made', purpose: 'a test', version: '1.2.3', crate };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-crate-'));
    cache = path.join(folder, 'cache');
    for (const place of ['bin', 'cache']) mkdirSync(path.join(folder, place));
    for (const [name, text] of Object.entries({ cargo: CARGO, cmake: CMAKE, 'apt-get': APT })) {
      writeFileSync(path.join(folder, 'bin', name), text);
      chmodSync(path.join(folder, 'bin', name), 0o755);
    }
    writeFileSync(path.join(folder, 'digest'), PINNED);
    process.env['PATH'] = `${path.join(folder, 'bin')}:${before.PATH}`;
    process.env['STUB'] = folder;
  });

  afterEach(() => {
    process.env['PATH'] = before.PATH;
    if (before.STUB === undefined) delete process.env['STUB'];
    rmSync(folder, { recursive: true, force: true });
  });

  const left = () => readdirSync(cache).filter((name) => name.startsWith('made-') && !name.endsWith('.lock'));

  test('is built from them, shows how far it is, and keeps nothing but the program', async () => {
    const counts: number[] = [];
    const built = await buildByRecipe(recipe, { count: (done) => counts.push(done) }, cache);
    expect(readFileSync(built, 'utf8')).toContain('echo made');
    expect(readdirSync(path.dirname(built))).toEqual(['made']);
    expect(counts).toEqual([50]);
    expect(readFileSync(path.join(folder, 'calls'), 'utf8')).toContain('-DTESTS=OFF');
  });

  test('is not built from a crate that is not the pinned one', async () => {
    writeFileSync(path.join(folder, 'digest'), 'cd'.repeat(32));
    await expect(buildByRecipe(recipe, {}, cache)).rejects.toThrow(/not the pinned/);
    expect(existsSync(path.join(folder, 'calls'))).toBe(false);
    expect(left()).toEqual([]);
  });

  test('that cannot be built says what to install', async () => {
    writeFileSync(path.join(folder, 'fail'), '');
    await expect(buildByRecipe(recipe, {}, cache)).rejects.toThrow(/Made failed; .*libmade-dev/);
    expect(left()).toEqual([]);
  });

  test('lives in another folder of the cache when the crate or a flag changes', () => {
    const folders = [
      recipe,
      { ...recipe, crate: { ...crate, sha256: 'cd'.repeat(32) } },
      { ...recipe, crate: { ...crate, flags: [] } },
    ];
    expect(new Set(folders.map((each) => builtFolder(each, cache))).size).toBe(3);
  });
});
