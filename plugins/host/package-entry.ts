import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRecord } from './check.ts';

/** `./x`, `../x` and `/x` are paths; everything else is a package name. */
export const isPath = (name: string): boolean => /^\.{0,2}\//.test(name);
export const isPackageName = (name: string): boolean =>
  /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) && name.length <= 214;

/**
 * Where the module of a third-party plug-in lies: beside the configuration first, then among our own packages.
 * Undefined when there is no such file or package.
 */
export async function moduleUrlOf(name: string, configFile: string): Promise<string | undefined> {
  const beside = pathToFileURL(resolve(configFile)).href;
  if (isPath(name)) {
    const file = new URL(name, beside);
    return existsSync(file) ? file.href : undefined;
  }
  if (!isPackageName(name)) return undefined;
  for (const base of [beside, import.meta.url]) {
    const found = packageJsonOf(name, base);
    if (found !== undefined)
      return pathToFileURL(join(dirname(found), entryOf(JSON.parse(await readFile(found, 'utf8'))))).href;
  }
  return undefined;
}

function packageJsonOf(name: string, base: string): string | undefined {
  try {
    return findPackageJSON(name, base);
  } catch {
    return undefined;
  }
}

/** The entry for `import`: conditions `import`, `node`, `default` of `exports["."]`, else `main`. */
function entryOf(manifest: unknown): string {
  if (!isRecord(manifest)) return 'index.js';
  const exported =
    isRecord(manifest['exports']) && '.' in manifest['exports'] ? manifest['exports']['.'] : manifest['exports'];
  return importTarget(exported) ?? (typeof manifest['main'] === 'string' ? manifest['main'] : 'index.js');
}

function importTarget(exported: unknown): string | undefined {
  // Conditions nest (`node: { import: … }`); three levels are more than any package uses.
  let at = exported;
  for (let depth = 0; depth < 3 && isRecord(at); depth += 1) at = at['import'] ?? at['node'] ?? at['default'];
  return typeof at === 'string' ? at : undefined;
}
