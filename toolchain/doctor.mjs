#!/usr/bin/env node
import { accessSync, constants, existsSync, realpathSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { toolCache } from './cache.mjs';
import { runCommand } from './command.mjs';
import { isPortBase } from './devnet-ports.mjs';
import { checkPorts } from './doctor-ports.mjs';
import { compareVersions } from './find.mjs';
import { finding } from './finding.mjs';
import { isInstalled } from './install.mjs';
import { projectFolder } from './recipes.mjs';
import { describeTools } from './tools.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */

/** The programs that this project builds or is built with: asked for their version, never assumed. */
const PREREQUISITES = [
  {
    name: 'npm',
    file: 'npm',
    args: ['--version'],
    pattern: /(\d+\.\d+\.\d+)/,
    atLeast: '10.0.0',
    state: 'problem',
    remedy: 'comes with Node: https://nodejs.org',
  },
  {
    name: 'Go',
    file: 'go',
    args: ['version'],
    pattern: /go(\d+\.\d+(?:\.\d+)?)/,
    atLeast: '1.26.0',
    state: 'warning',
    remedy: 'only to build temporal, btcd and alertmanager: https://go.dev/dl',
  },
  {
    name: 'JDK',
    file: 'java',
    args: ['-version'],
    pattern: /version "(\d+(?:\.\d+)*)/,
    atLeast: '17.0.0',
    state: 'warning',
    remedy: 'only for npm test: apt-get install openjdk-17-jdk-headless',
  },
  {
    name: 'Maven',
    file: 'mvn',
    args: ['-v'],
    pattern: /Maven (?:\x1b\[\w*m)?(\d+\.\d+(?:\.\d+)?)/,
    atLeast: '3.6.0',
    state: 'warning',
    remedy: 'only for npm test: apt-get install maven',
  },
  {
    name: 'Cargo',
    file: 'cargo',
    args: ['--version'],
    pattern: /(\d+\.\d+\.\d+)/,
    atLeast: '1.70.0',
    state: 'warning',
    remedy: "only for npm test, which fetches Bitcoin Core's sources with it: apt-get install cargo",
  },
  {
    name: 'CMake',
    file: 'cmake',
    args: ['--version'],
    pattern: /(\d+\.\d+\.\d+)/,
    atLeast: '3.22.0',
    state: 'warning',
    remedy: 'only for npm test, which builds Bitcoin Core with it: apt-get install cmake',
  },
  {
    name: 'C++ compiler',
    file: 'c++',
    args: ['--version'],
    pattern: /(\d+\.\d+\.\d+)/,
    atLeast: '8.0.0',
    state: 'warning',
    remedy:
      'only for the HSM plug-in (pkcs11js) and for Bitcoin Core in npm test: apt-get install build-essential python3',
  },
];

const DISK_WANTED_GIB = 8;

/**
 * Everything about this machine that can be checked before any package is installed.
 *
 * @param {import('./doctor-ports.mjs').Network} network
 * @returns {Promise<Finding[]>}
 */
export async function checkMachine(network) {
  const programs = await Promise.all(PREREQUISITES.map(checkProgram));
  return [
    checkNode(),
    ...programs,
    checkPackages(),
    ...(await checkTools()),
    ...checkDisk(),
    ...checkFolders(),
    ...(await checkPorts(network)),
  ];
}

/** @returns {Finding} */
function checkNode() {
  const enough = compareVersions(process.versions.node, '20.0.0') >= 0;
  return finding(
    'Node',
    enough ? 'ok' : 'problem',
    process.versions.node,
    'install Node 20 or newer: https://nodejs.org',
  );
}

/**
 * @param {(typeof PREREQUISITES)[number]} wanted
 * @returns {Promise<Finding>}
 */
async function checkProgram({ name, file, args, pattern, atLeast, state, remedy }) {
  const { tail } = await runCommand(file, args, { timeoutMs: 20_000 });
  const version = pattern.exec(tail.join('\n'))?.[1];
  if (version && compareVersions(version, atLeast) >= 0) return finding(name, 'ok', version, '');
  const detail = version ? `${version}; ${atLeast} or newer is needed` : 'not found';
  return finding(name, state === 'problem' ? 'problem' : 'warning', detail, remedy);
}

/** @returns {Finding} */
function checkPackages() {
  return isInstalled()
    ? finding('npm packages', 'ok', 'as in package-lock.json', '')
    : finding(
        'npm packages',
        'warning',
        'not installed, or older than package-lock.json',
        'npm ci (every npm script does it by itself)',
      );
}

/** @returns {Promise<Finding[]>} */
async function checkTools() {
  const states = /** @type {const} */ ({ ready: 'ok', optional: 'ok', absent: 'warning', broken: 'problem' });
  return (await describeTools()).map(({ title, state, detail, remedy }) =>
    finding(title, states[state], detail, remedy),
  );
}

/** @returns {Finding[]} */
function checkDisk() {
  const folders = new Map([
    ['disk under the project', projectFolder],
    ['disk under the cache', nearestExisting(toolCache())],
  ]);
  return [...folders].map(([name, folder]) => {
    const { bavail, bsize } = statfsSync(folder);
    const free = Math.floor((bavail * bsize) / 2 ** 30);
    return finding(
      name,
      free >= DISK_WANTED_GIB ? 'ok' : 'warning',
      `${free} GiB free at ${folder}`,
      `a first build wants about ${DISK_WANTED_GIB} GiB`,
    );
  });
}

/** @returns {Finding[]} */
function checkFolders() {
  return [path.join(process.cwd(), '.firebreak'), toolCache(), os.tmpdir()].map((folder) => {
    const existing = nearestExisting(folder);
    try {
      accessSync(existing, constants.W_OK);
      return finding(`folder ${folder}`, 'ok', 'writable', '');
    } catch {
      return finding(
        `folder ${folder}`,
        'problem',
        `${existing} cannot be written`,
        `make it yours: chown ${os.userInfo().username} ${existing}`,
      );
    }
  });
}

/** @param {string} folder */
function nearestExisting(folder) {
  let current = folder;
  while (!existsSync(current)) current = path.dirname(current);
  return current;
}

/**
 * Prints the findings as text: for a machine on which the packages, and so the CLI, are not there yet.
 *
 * @param {readonly string[]} args what was typed; the CLI, which judges it, is not there
 */
export async function printMachine(args = []) {
  const after = (/** @type {string} */ flag) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
  const typedBase = Number(after('--port-base'));
  const network = {
    dataFolder: path.resolve(after('--data') ?? path.join('.firebreak', 'devnet')),
    ...(isPortBase(typedBase) ? { portBase: typedBase } : {}),
  };
  const marks = { ok: '✔', warning: '!', problem: '✘' };
  for (const { name, state, detail, remedy } of await checkMachine(network)) {
    process.stdout.write(`${marks[state]} ${name}: ${detail}${remedy && `\n    ${remedy}`}\n`);
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await printMachine(process.argv.slice(2));
