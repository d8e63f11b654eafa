import { readFileSync } from 'node:fs';
import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { ToolchainFailure } from './failure.mjs';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 30_000;
const POLL_MS = 500;
const WAIT_MS = 45 * 60_000;

/**
 * Runs `work` while holding `<file>`, waiting for another holder first. It saves two processes from doing the same minutes of work;
 * correctness does not hang on it, because every build writes under a temporary name and renames. A lock whose holder is gone
 * (its process, or its heartbeat for 30 s) is taken over.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (holder: string) => void, waitMs?: number, staleMs?: number, pollMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(file, work, options = {}) {
  await mkdir(path.dirname(file), { recursive: true });
  await acquire(file, options);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  }
}

/**
 * @param {string} file
 * @param {{ onWait?: (holder: string) => void, waitMs?: number, staleMs?: number, pollMs?: number }} options
 */
async function acquire(file, { onWait, waitMs = WAIT_MS, staleMs = STALE_MS, pollMs = POLL_MS }) {
  const deadline = Date.now() + waitMs;
  let told = false;
  while (!(await tryCreate(file))) {
    if (await isStale(file, staleMs)) {
      await rm(file, { force: true });
      continue;
    }
    if (Date.now() >= deadline) {
      throw new ToolchainFailure(
        'conflict.build-lock',
        `waited ${Math.round(waitMs / 1000)} s for ${holderOf(file)} (${file})`,
      );
    }
    if (!told) onWait?.(holderOf(file));
    told = true;
    await delay(pollMs);
  }
}

/** @param {string} file */
async function tryCreate(file) {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(`${process.pid} ${os.hostname()}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @param {number} staleMs
 */
async function isStale(file, staleMs) {
  const age = await stat(file).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (age > staleMs) return true;
  const [pid, host] = readHolder(file);
  return host === os.hostname() && Number(pid) > 0 && !isAlive(Number(pid));
}

/** @param {string} file */
function readHolder(file) {
  try {
    return readFileSync(file, 'utf8').trim().split(' ');
  } catch {
    return []; // released between two looks
  }
}

/** @param {string} file */
const holderOf = (file) => `process ${readHolder(file).join(' on ') || 'unknown'}`;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
