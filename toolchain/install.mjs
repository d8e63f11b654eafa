import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runCommand } from './command.mjs';
import { ToolchainFailure } from './failure.mjs';
import { withLock } from './lock.mjs';
import { projectFolder } from './recipes.mjs';

const INSTALL_LIMIT_MS = 15 * 60_000;

/**
 * Runs `npm ci` when the installed packages are not those of package-lock.json. The stamp is npm's own: it writes
 * node_modules/.package-lock.json at the very end, so an interrupted install has none.
 *
 * @param {import('./progress.mjs').Progress} progress
 * @returns {Promise<boolean>} false when the packages could not be installed; the reason is already shown
 */
export async function ensurePackages(progress, project = projectFolder) {
  if (isInstalled(project)) return true;
  const done = await progress.step('npm packages of package-lock.json', (step) =>
    withLock(
      path.join(project, '.firebreak', 'install.lock'),
      async () => {
        if (!isInstalled(project)) await npmCi(project, step);
        return true;
      },
      { onWait: (holder) => step.note(`waiting for ${holder}`) },
    ),
  );
  return done === true;
}

/**
 * @param {string} project
 * @param {import('./progress.mjs').Step} step
 */
async function npmCi(project, step) {
  const log = path.join(project, '.firebreak', 'logs', 'npm-ci.log');
  step.note('npm ci');
  const outcome = await runCommand('npm', ['ci', '--no-progress'], {
    cwd: project,
    log,
    env: headersOf(process.execPath),
    timeoutMs: INSTALL_LIMIT_MS,
    onLine: (line) => {
      const added = /^added (\d+) packages/.exec(line);
      if (added) step.done(`${added[1]} packages`);
    },
  });
  if (outcome.code !== 0) throw new ToolchainFailure('unavailable.packages', 'npm ci failed', { log });
}

/**
 * Where node-gyp finds the headers of this Node when they are installed beside it: it would download them otherwise, and without a network
 * leave out the optional package that is compiled (pkcs11js), with nothing said.
 *
 * @param {string} node path of the program
 * @returns {Record<string, string>} what npm reads as its setting `nodedir`, unless somebody has set that
 */
export function headersOf(node) {
  const prefix = path.dirname(path.dirname(node));
  if (process.env['npm_config_nodedir'] || !existsSync(path.join(prefix, 'include', 'node', 'node_api.h'))) return {};
  return { npm_config_nodedir: prefix };
}

/**
 * True when every package of the lock is installed in the locked version. Optional ones may be missing: they are for other platforms,
 * or (pkcs11js) need a compiler.
 *
 * @param {string} project
 */
export function isInstalled(project = projectFolder) {
  const stamp = path.join(project, 'node_modules', '.package-lock.json');
  if (!existsSync(stamp)) return false;
  const wanted = packagesOf(path.join(project, 'package-lock.json'));
  const installed = packagesOf(stamp);
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '') return true;
    const present = installed[place];
    return present
      ? present.version === entry.version && present.integrity === entry.integrity
      : entry.optional === true;
  });
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
