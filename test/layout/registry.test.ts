import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { builtinPlugins } from '../../plugins/registry.ts';
import { projectFolder } from '../../toolchain/recipes.mjs';

/** `kind/name` of every folder `plugins/<kind>/<name>/` that holds an index.ts. */
function pluginFolders(plugins: string): readonly string[] {
  const entries = readdirSync(plugins, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name === 'index.ts')
    .map((entry) => path.relative(plugins, entry.parentPath))
    .filter((folder) => folder.split(path.sep).length === 2)
    .sort();
}

describe('plugins/registry.ts', () => {
  test('lists exactly the plug-ins on disk', () => {
    const listed = builtinPlugins.map(({ kind, name }) => `${kind}/${name}`);
    expect([...listed].sort()).toEqual(pluginFolders(path.join(projectFolder, 'plugins')));
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('would differ from a disk with one more plug-in', () => {
    const plugins = mkdtempSync(path.join(os.tmpdir(), 'firebreak-plugins-'));
    try {
      for (const place of ['chain/new', 'host', 'blob/folder/deeper']) {
        mkdirSync(path.join(plugins, place), { recursive: true });
        writeFileSync(path.join(plugins, place, 'index.ts'), '');
      }
      expect(pluginFolders(plugins)).toEqual(['chain/new']);
    } finally {
      rmSync(plugins, { recursive: true, force: true });
    }
  });
});
