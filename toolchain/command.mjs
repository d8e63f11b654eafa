import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const KEPT_LINES = 200;
const KILL_AFTER_MS = 5_000;

/** Process groups that still run; they end with us. @type {Set<number>} */
const live = new Set();
process.on('exit', () => {
  for (const pid of live) killGroup(pid, 'SIGTERM');
});

/**
 * @typedef {object} Outcome
 * @property {number | null} code null when it was ended by a signal or never started
 * @property {boolean} timedOut
 * @property {string[]} tail the last lines of both streams
 * @property {string} stdout at most `stdoutMax` characters
 *
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] added to the environment
 * @property {string} [log] whole output goes to this file
 * @property {(line: string) => void} [onLine]
 * @property {number} [timeoutMs]
 * @property {number} [stdoutMax]
 */

/**
 * Runs a program to its end and never rejects: a program that cannot be started is an outcome like any other. It gets a process group
 * of its own, so that a time limit ends its children too.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function runCommand(file, args, options = {}) {
  const { cwd, env, log, onLine, timeoutMs = 120_000, stdoutMax = 1_000_000 } = options;
  if (log) mkdirSync(path.dirname(log), { recursive: true });
  const logStream = log ? createWriteStream(log) : undefined;
  logStream?.on('error', () => undefined); // a full disk must not hide the outcome; the tail is kept in memory
  /** @type {string[]} */
  const tail = [];
  const take = (/** @type {string} */ line) => {
    tail.push(line);
    if (tail.length > KEPT_LINES) tail.shift();
    logStream?.write(`${line}\n`);
    onLine?.(line);
  };

  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let stdout = '';
    let timedOut = false;
    child.stdout.on('data', (chunk) => {
      if (stdout.length < stdoutMax) stdout += chunk;
    });
    const readers = [child.stdout, child.stderr].map((input) => createInterface({ input }).on('line', take));
    if (child.pid) live.add(child.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid, 'SIGTERM');
      setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS).unref();
    }, timeoutMs);

    const finish = (/** @type {number | null} */ code) => {
      clearTimeout(timer);
      if (child.pid) live.delete(child.pid);
      for (const reader of readers) reader.close();
      if (logStream) logStream.end(() => resolve({ code, timedOut, tail, stdout }));
      else resolve({ code, timedOut, tail, stdout });
    };
    child.once('error', (error) => {
      take(error.message);
      finish(null);
    });
    child.once('close', finish);
  });
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
export function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // already gone
  }
}
