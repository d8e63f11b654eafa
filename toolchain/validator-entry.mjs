/**
 * What is started as a validator: the agent and its signer thread, bundled from exactly these sources. Loading 900 modules one by one
 * costs three times the processor time of loading a handful, in each of 15 processes. The bundle lies inside node_modules, so that
 * whoever could change it could as well change a dependency. Where it cannot be had, the sources are started: slower, and no different.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHELF = path.join(ROOT, 'node_modules', '.cache', 'firebreak', 'validator');
/** The rooms that a validator may import from; the build refuses a source of any other. */
const ROOMS = ['domain', 'wire', 'threshold', 'telemetry', 'plugins', 'validator'];
const SOURCE = path.join(ROOT, 'validator', 'main.ts');
const BUILD_MS = 300_000;
/** Bundles of earlier sources that stay on disk, for networks that were started with them. */
const KEPT_MAX = 4;
/** Name of the file in a bundle that tells how its other files were built. */
const SEAL = 'seal';
/** What the bundler and its many packages see of our environment: a passphrase for the agent may be among the rest. */
const SHOWN_TO_THE_BUNDLER = new Set(['PATH', 'HOME', 'LANG', 'TMPDIR']);

/** @type {Promise<string> | undefined} */
let chosen;

/**
 * Path of the program to give to Node, decided once in a process. Whoever starts it again later starts the same, or the sources when
 * it has gone.
 *
 * @returns {Promise<string>}
 */
export async function validatorEntry() {
  chosen ??= bundledEntry(SHELF, (line) => process.stderr.write(`${line}\n`));
  const entry = await chosen;
  return existsSync(entry) ? entry : SOURCE;
}

/**
 * The bundle on a shelf, built when it is not there yet.
 *
 * @param {string} shelf
 * @param {(line: string) => void} say hears why the sources are started instead, unless the shelf is only not ours to write to
 * @param {typeof runCommand} [run]
 * @returns {Promise<string>}
 */
export async function bundledEntry(shelf, say, run = runCommand) {
  const digest = sourceDigest();
  const folder = path.join(shelf, digest);
  const entry = path.join(folder, 'validator', 'main.mjs');
  if (isWhole(folder)) {
    touch(folder);
    return entry;
  }
  const scratch = scratchFolder(shelf);
  if (scratch === undefined) return SOURCE;
  try {
    const script = path.join(ROOT, 'validator', 'bundle', 'build.ts');
    const flags = ['--disable-warning=ExperimentalWarning'];
    const hidden = Object.keys(process.env).filter((name) => !SHOWN_TO_THE_BUNDLER.has(name));
    const outcome = await run(process.execPath, [...flags, script, scratch, ROOMS.join(',')], {
      timeoutMs: BUILD_MS,
      env: Object.fromEntries(hidden.map((name) => [name, undefined])),
    });
    if (outcome.code !== 0) {
      const why = outcome.timedOut ? `no result within ${BUILD_MS / 1_000} s` : outcome.tail.slice(-10).join('\n');
      say(`validators start from their sources, which is slower; bundling them failed: ${why}`);
      return SOURCE;
    }
    if (sourceDigest() !== digest) {
      say('validators start from their sources: these were changed while they were bundled');
      return SOURCE;
    }
    writeFileSync(path.join(scratch, SEAL), contentDigest(scratch));
    if (!place(scratch, folder)) {
      say('validators start from their sources: the bundle could not be put where it belongs');
      return SOURCE;
    }
    forgetOld(shelf);
    return entry;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** SHA-256 over every source that may be in the bundle, the packages as they are installed, and the version of Node. */
function sourceDigest() {
  const digest = createHash('sha256').update(`${process.version}\0`);
  const installed = path.join(ROOT, 'node_modules', '.package-lock.json');
  digest.update(readFileSync(existsSync(installed) ? installed : path.join(ROOT, 'package-lock.json')));
  digest.update(readFileSync(path.join(ROOT, 'package.json')));
  for (const room of ROOMS) {
    for (const name of readdirSync(path.join(ROOT, room), { recursive: true, encoding: 'utf8' }).sort()) {
      if (!/\.(ts|js)$/.test(name) || name.endsWith('.test.ts')) continue;
      digest.update(`\0${room}/${name}\0`).update(readFileSync(path.join(ROOT, room, name)));
    }
  }
  return digest.digest('hex').slice(0, 32);
}

/** @param {string} shelf */
function scratchFolder(shelf) {
  try {
    mkdirSync(shelf, { recursive: true, mode: 0o700 });
    accessSync(shelf, constants.W_OK);
    return mkdtempSync(path.join(shelf, 'building-'));
  } catch {
    return undefined;
  }
}

/**
 * Whether every file of a bundle is as it was built. A crash of the machine may leave some of them empty, and an empty program ends well and
 * says nothing; one that is being removed lacks some.
 *
 * @param {string} folder
 */
function isWhole(folder) {
  try {
    return readFileSync(path.join(folder, SEAL), 'utf8') === contentDigest(folder);
  } catch {
    return false;
  }
}

/** @param {string} folder */
function contentDigest(folder) {
  const digest = createHash('sha256');
  const programs = path.join(folder, 'validator');
  for (const file of [
    path.join(folder, 'package.json'),
    ...readdirSync(programs)
      .sort()
      .map((it) => path.join(programs, it)),
  ]) {
    digest.update(`\0${path.relative(folder, file)}\0`).update(readFileSync(file));
  }
  return digest.digest('hex');
}

/**
 * By one rename: of two builds at once one stays, and a reader sees a whole one or none. A damaged one makes room.
 *
 * @param {string} scratch
 * @param {string} folder
 */
function place(scratch, folder) {
  try {
    chmodSync(scratch, 0o700);
    if (!isWhole(folder)) rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
  } catch {
    // another build was faster, or the folder is not ours to write to
  }
  return isWhole(folder);
}

/** @param {string} folder */
function touch(folder) {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {
    // not ours: whoever owns it decides how long it stays
  }
}

/** Also what a build that was killed left behind.
 *
 * @param {string} shelf
 */
function forgetOld(shelf) {
  const abandonedMs = Date.now() - 2 * BUILD_MS;
  for (const name of readdirSync(shelf).filter((it) => it.startsWith('building-'))) {
    const place = path.join(shelf, name);
    const usedMs = statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (usedMs < abandonedMs) rmSync(place, { recursive: true, force: true });
  }
  const kept = readdirSync(shelf)
    .filter((name) => /^[0-9a-f]{32}$/.test(name))
    .map((name) => ({ name, usedMs: statSync(path.join(shelf, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedMs - a.usedMs);
  for (const { name } of kept.slice(KEPT_MAX + 1)) rmSync(path.join(shelf, name), { recursive: true, force: true });
}
