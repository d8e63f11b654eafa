import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runCommand } from './command.mjs';
import { projectFolder } from './recipes.mjs';

const APT_LIMIT_MS = 5 * 60_000;

/**
 * @typedef {object} PackageOutcome
 * @property {boolean} installed
 * @property {string} detail what happened, or the exact command to type
 */

/**
 * Installs Debian packages when that is possible without asking anybody: as root, or with a passwordless sudo. Otherwise it says what
 * to type. Never throws: what these packages bring is optional everywhere (SoftHSM2 falls back to sealed files).
 *
 * @param {readonly string[]} packages
 * @param {{ note?: (text: string) => void }} [step]
 * @param {() => number | undefined} [userId] 0 is root
 * @returns {Promise<PackageOutcome>}
 */
export async function installDebianPackages(packages, step = {}, userId = () => process.getuid?.()) {
  const command = `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) return { installed: false, detail: handInstall(packages) };
  const prefix = await privilege(userId());
  if (!prefix) return { installed: false, detail: `type: ${command}` };

  const log = path.join(projectFolder, '.firebreak', 'logs', 'apt-get.log');
  for (const args of [
    ['update'],
    ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=60', ...packages],
  ]) {
    step.note?.(`apt-get ${args[0]}`);
    const [file, ...rest] = [...prefix, 'apt-get', ...args];
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const outcome = await runCommand(/** @type {string} */ (file), rest, { log, env, timeoutMs: APT_LIMIT_MS });
    if (outcome.code !== 0) {
      const reason = outcome.tail.filter((line) => line.trim()).at(-1) ?? 'no output';
      return { installed: false, detail: `apt-get ${args[0]} failed (${reason}; log: ${log}); type: ${command}` };
    }
  }
  return { installed: true, detail: `installed ${packages.join(', ')}` };
}

/**
 * Fetches Debian's lists of packages where that needs nobody's password: a fresh machine has none, and then no package is known.
 *
 * @param {string} log
 * @returns {Promise<boolean>} whether they are fresh now
 */
export async function refreshPackageLists(log) {
  const prefix = await privilege(process.getuid?.());
  if (!prefix) return false;
  const [file, ...rest] = [...prefix, 'apt-get', 'update'];
  return (await runCommand(file, rest, { log, timeoutMs: APT_LIMIT_MS })).code === 0;
}

/**
 * @param {number | undefined} user
 * @returns {Promise<string[] | undefined>} what to put before apt-get; undefined when a password would be asked
 */
async function privilege(user) {
  if (user === 0) return [];
  const sudo = await runCommand('sudo', ['-n', 'true'], { timeoutMs: 5_000 });
  return sudo.code === 0 ? ['sudo', '-n'] : undefined;
}

/** @param {readonly string[]} packages */
function handInstall(packages) {
  if (process.platform === 'darwin' && packages.includes('softhsm2')) return 'type: brew install softhsm';
  return `no apt-get here; install ${packages.join(', ')} with this system's package manager`;
}
