import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { refreshPackageLists } from './debian.mjs';
import { ToolchainFailure } from './failure.mjs';

const DOWNLOAD_LIMIT_MS = 5 * 60_000;
const UNPACK_LIMIT_MS = 60_000;

/**
 * Downloads a package of Debian, which apt checks against its signed lists, and takes one program out of it. Nothing is installed: no
 * service starts, nobody's rights are needed.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./recipes.mjs').DebianArchive} archive
 * @param {string} scratch folder that the program is put into, under the tool's name
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log
 * @returns {Promise<void>}
 * @throws {ToolchainFailure} `unavailable.tool-missing` `unavailable.tool-build`
 */
export async function unpackArchive(recipe, { package: name, member }, scratch, progress, log) {
  const folder = path.join(scratch, 'archive');
  await mkdir(folder);
  try {
    const file = path.join(folder, await download(recipe, name, folder, progress, log));
    const unpacked = await runCommand('dpkg-deb', ['-x', file, '.'], { cwd: folder, log, timeoutMs: UNPACK_LIMIT_MS });
    if (unpacked.code !== 0)
      throw new ToolchainFailure('unavailable.tool-build', `${file} cannot be unpacked (log: ${log})`);
    await rename(path.join(folder, member), path.join(scratch, recipe.name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} name
 * @param {string} folder
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log
 * @returns {Promise<string>} name of the package's file
 */
async function download(recipe, name, folder, progress, log) {
  progress.note?.(`apt-get download ${name}`);
  const attempt = () => runCommand('apt-get', ['download', name], { cwd: folder, log, timeoutMs: DOWNLOAD_LIMIT_MS });
  let downloaded = await attempt();
  if (downloaded.code !== 0 && (await refreshPackageLists(log))) downloaded = await attempt();
  const [file] = (await readdir(folder)).filter((entry) => entry.endsWith('.deb'));
  if (downloaded.code === 0 && file) return file;
  throw new ToolchainFailure(
    'unavailable.tool-missing',
    `${recipe.title} is not here, and apt-get cannot download ${name}; type: sudo apt-get update (log: ${log})`,
  );
}
