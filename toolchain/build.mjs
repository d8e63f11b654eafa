import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { builtFile, builtFolder, toolCache } from './cache.mjs';
import { runCommand } from './command.mjs';
import { unpackArchive } from './archive.mjs';
import { buildFromCrate } from './crate.mjs';
import { ToolchainFailure } from './failure.mjs';
import { isFile } from './find.mjs';
import { assembleTestServer, writeClassArchive } from './java.mjs';
import { withLock } from './lock.mjs';

const BUILD_LIMIT_MS = 40 * 60_000;

/**
 * @typedef {object} StepProgress how a build reports; all optional, see progress.mjs
 * @property {(note: string) => void} [note]
 * @property {(done: number, total: number) => void} [count]
 */

/**
 * Builds a tool into the cache from its pinned recipe. The result appears by one rename: an interrupted build leaves nothing that
 * could be taken for a program, and of two builds at once one waits and then finds the other's result.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {StepProgress} [progress]
 * @returns {Promise<string>} path of the program
 * @throws {ToolchainFailure} `unavailable.tool-missing` `unavailable.tool-build` `conflict.build-lock`
 */
export async function buildByRecipe(recipe, progress = {}, cache = toolCache()) {
  const folder = builtFolder(recipe, cache);
  const lockOptions = { onWait: (/** @type {string} */ holder) => progress.note?.(`waiting for ${holder}`) };
  await withLock(
    `${folder}.lock`,
    async () => {
      if (await isFile(builtFile(recipe, cache))) return;
      await removeLeftovers(folder);
      const scratch = await mkdtemp(`${folder}.building-`);
      try {
        await make(recipe, scratch, progress, path.join(cache, 'logs', `${recipe.name}.log`));
        await rm(folder, { recursive: true, force: true });
        await rename(scratch, folder);
        if (recipe.maven) await writeClassArchive(folder, recipe.maven.mainClass);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    lockOptions,
  );
  return builtFile(recipe, cache);
}

/**
 * Scratch folders of builds that were killed. Whoever holds the lock may remove them.
 *
 * @param {string} folder
 */
async function removeLeftovers(folder) {
  const leftover = `${path.basename(folder)}.building-`;
  for (const name of await readdir(path.dirname(folder))) {
    if (name.startsWith(leftover)) await rm(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} scratch
 * @param {StepProgress} progress
 * @param {string} log
 */
async function make(recipe, scratch, progress, log) {
  await mkdir(path.dirname(log), { recursive: true });
  const { archive, crate, go, maven } = recipe;
  if (archive) {
    try {
      return await unpackArchive(recipe, archive, scratch, progress, log);
    } catch (error) {
      // No Debian here, or its mirror is out of reach.
      if (!go || !(error instanceof ToolchainFailure)) throw error;
      progress.note?.(error.message);
    }
  }
  if (go) return goBuild(recipe.name, go, path.join(scratch, recipe.name), progress, log);
  if (maven) return assembleTestServer(recipe, maven, scratch, progress, log);
  if (crate) return buildFromCrate(recipe, crate, scratch, progress, log);
  throw new ToolchainFailure('unavailable.tool-missing', `${recipe.title} is not here and has no recipe to build it`);
}

/**
 * @param {string} name
 * @param {import('./recipes.mjs').GoBuild} go
 * @param {string} output
 * @param {StepProgress} progress
 * @param {string} log
 */
async function goBuild(name, go, output, progress, log) {
  let built = 0;
  let fetched = 0;
  const outcome = await runCommand('go', ['build', '-v', '-mod=readonly', ...go.flags, '-o', output, go.target], {
    cwd: go.folder,
    env: { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-buildvcs=false' },
    log,
    timeoutMs: BUILD_LIMIT_MS,
    onLine: (line) => {
      if (line.startsWith('go: downloading')) progress.note?.(`${++fetched} modules fetched`);
      else if (/^[\w./~-]+$/.test(line)) progress.count?.(++built, go.packages);
    },
  });
  if (outcome.code === 0) return;
  const why = outcome.timedOut ? `took longer than ${BUILD_LIMIT_MS / 60_000} min` : 'failed';
  if (outcome.tail.some((line) => line.includes('ENOENT'))) {
    throw new ToolchainFailure(
      'unavailable.tool-missing',
      `building ${name} needs Go 1.26 or newer on PATH (https://go.dev/dl)`,
    );
  }
  throw new ToolchainFailure('unavailable.tool-build', `go build of ${name} ${why}`, { log });
}
