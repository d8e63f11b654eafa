import { spawn } from 'node:child_process';
import os from 'node:os';
import process from 'node:process';
import { compileCacheFor } from './compile-cache.mjs';
import { node26Path } from './node26.mjs';

/** Jest and the programs print their own warnings; this one says only that type stripping and VM modules are young. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'];

/**
 * Runs a file on the pinned Node 26 with our terminal, and ends as it ends. SIGTERM and SIGHUP are passed on. SIGINT is passed on only
 * without a terminal: from a terminal, Ctrl-C reaches the child by itself, and twice would mean "at once".
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [environment] added to ours
 * @returns {Promise<number>} exit code; 128 + signal number when a signal ended it
 */
export function runOnNode26(file, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node26Path(), [...NODE_FLAGS, file, ...args], {
      stdio: 'inherit',
      env: { ...compileCacheFor(process.env), ...process.env, ...environment },
    });
    const pass = (/** @type {NodeJS.Signals} */ signal) => {
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, pass);
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0)));
  });
}
