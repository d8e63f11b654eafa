import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** One cache per user, so that several clones share what takes minutes to build. */
export function toolCache(environment = process.env) {
  const base = environment.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'firebreak', 'tools');
}

/**
 * The folder of one built tool. Its name carries a digest over the pins and the flags: a changed pin is another folder, never a
 * stale program under a familiar name.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 */
export function builtFolder(recipe, cache = toolCache()) {
  const digest = createHash('sha256').update(`${process.platform}-${process.arch}\0`);
  for (const part of pins(recipe)) digest.update(part).update('\0');
  return path.join(cache, `${recipe.name}-${recipe.version}-${digest.digest('hex').slice(0, 12)}`);
}

/** @param {import('./recipes.mjs').Recipe} recipe */
export const builtFile = (recipe, cache = toolCache()) => path.join(builtFolder(recipe, cache), recipe.name);

/** @param {import('./recipes.mjs').Recipe} recipe */
function pins({ go, maven, crate }) {
  if (go) return [readIn(go.folder, 'go.mod'), readIn(go.folder, 'go.sum'), go.target, ...go.flags];
  if (maven) return [readIn(maven.folder, 'pom.xml'), readIn(maven.folder, 'checksums.sha256'), maven.mainClass];
  if (crate) return [crate.sha256, readFileSync(crate.include), crate.target, ...crate.flags];
  return [];
}

/**
 * @param {string} folder
 * @param {string} file
 */
const readIn = (folder, file) => readFileSync(path.join(folder, file));
