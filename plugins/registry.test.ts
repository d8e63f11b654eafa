import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { checkPlugin } from './host/check.ts';
import { builtinPlugins } from './registry.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Folders of this room that hold no plug-ins. */
const NOT_A_KIND = ['host', 'testkit'];

async function foldersOnDisk(): Promise<string[]> {
  const folders: string[] = [];
  for (const kind of await subfolders(here)) {
    if (NOT_A_KIND.includes(kind)) continue;
    for (const name of await subfolders(`${here}/${kind}`)) folders.push(`${kind}/${name}`);
  }
  return folders.sort();
}

const subfolders = async (path: string): Promise<string[]> =>
  (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);

test('the list of built-in plug-ins is what lies on disk, in order', async () => {
  expect(builtinPlugins.map(({ kind, name }) => `${kind}/${name}`)).toEqual(await foldersOnDisk());
});

test.each(builtinPlugins.map((entry) => [`${entry.kind}/${entry.name}`, entry] as const))(
  '%s passes the check that strangers pass, and its manifest says who it is',
  async (origin, entry) => {
    const { manifest } = checkPlugin(await entry.load(), entry.kind, origin);
    expect(manifest.name).toBe(entry.name);
    expect(manifest.configSchema['type']).toBe('object');
  },
);

test.each(builtinPlugins.map((entry) => [`${entry.kind}/${entry.name}`] as const))(
  '%s has a README',
  async (origin) => {
    expect(await readdir(`${here}/${origin}`)).toContain('README.md');
  },
);
