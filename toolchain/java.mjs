import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from './command.mjs';
import { ToolchainFailure } from './failure.mjs';

const FETCH_LIMIT_MS = 10 * 60_000;
const ARCHIVE_LIMIT_MS = 60_000;
const JVM_FLAGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/**
 * Fetches the jars of the Java test server, compares each with the committed checksum (Maven has no lock file of its own) and writes
 * the launcher. `exec` matters: the SDK ends the server by SIGKILL to the pid it started.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./recipes.mjs').MavenBuild} maven
 * @param {string} scratch
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log
 */
export async function assembleTestServer(recipe, maven, scratch, progress, log) {
  const jars = path.join(scratch, 'lib');
  let fetched = 0;
  const outcome = await runCommand(
    'mvn',
    [
      '-B',
      '-ntp',
      '-f',
      path.join(maven.folder, 'pom.xml'),
      `-Dfirebreak.output=${scratch}`,
      'dependency:copy-dependencies',
    ],
    {
      log,
      timeoutMs: FETCH_LIMIT_MS,
      onLine: (line) => {
        if (line.includes('Copying')) progress.note?.(`${++fetched} jars`);
      },
    },
  );
  if (outcome.tail.some((line) => line.includes('ENOENT'))) {
    throw new ToolchainFailure(
      'unavailable.tool-missing',
      `${recipe.title} needs Maven and a JDK 17 (Debian: maven openjdk-17-jdk-headless)`,
    );
  }
  if (outcome.code !== 0)
    throw new ToolchainFailure('unavailable.tool-build', `Maven could not fetch ${recipe.title}`, { log });

  await checkJars(jars, path.join(maven.folder, 'checksums.sha256'), log);
  await rm(path.join(scratch, 'target'), { recursive: true, force: true });
  const launcher = path.join(scratch, recipe.name);
  await writeFile(launcher, launcherScript(maven.mainClass));
  await chmod(launcher, 0o755);
}

/** @param {string} mainClass */
const launcherScript = (mainClass) => `#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec "\${JAVA_HOME:+$JAVA_HOME/bin/}java" ${JVM_FLAGS.join(' ')} -Xshare:auto -Xlog:disable -Xlog:all=error:stderr \\
  -XX:SharedArchiveFile="$here/classes.jsa" -cp "$here/lib/*" ${mainClass} "$@"
`;

/**
 * @param {string} folder
 * @param {string} checksums lines `<sha256>  <file>`, as sha256sum writes them
 * @param {string} log
 */
export async function checkJars(folder, checksums, log) {
  const listed = new Map();
  for (const line of (await readFile(checksums, 'utf8')).trim().split('\n')) {
    const [digest, file] = line.split(/\s+/);
    listed.set(file, digest);
  }
  const present = (await readdir(folder)).sort();
  const wrong = present.filter((file) => !listed.has(file)).map((file) => `${file} is not in the list`);
  for (const [file, digest] of listed) {
    const bytes = await readFile(path.join(folder, file)).catch(() => undefined);
    if (!bytes) wrong.push(`${file} is missing`);
    else if (createHash('sha256').update(bytes).digest('hex') !== digest) wrong.push(`${file} has another checksum`);
  }
  if (wrong.length > 0)
    throw new ToolchainFailure(
      'unavailable.tool-build',
      `the fetched jars are not the pinned ones: ${wrong.join('; ')}`,
      { log },
    );
}

/**
 * Runs the server once and lets the JVM keep the classes it loaded: a cold JVM on two cores comes near the five seconds that the SDK
 * waits for it. An archive belongs to the absolute paths of its jars, so this happens where the tool will stay. Best effort: without
 * an archive (another JVM, a read-only folder) the launcher works, only slower.
 *
 * @param {string} folder
 * @param {string} mainClass
 */
export async function writeClassArchive(folder, mainClass) {
  // Below the ports that systems hand out by themselves; were it taken, there would be no archive, and the launcher works without.
  const port = randomInt(20_000, 32_768);
  const java = process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const unfinished = path.join(folder, 'classes.jsa.unfinished');
  const args = [
    ...JVM_FLAGS,
    `-XX:ArchiveClassesAtExit=${unfinished}`,
    '-cp',
    path.join(folder, 'lib', '*'),
    mainClass,
    String(port),
  ];
  const child = spawn(java, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
  const limit = setTimeout(() => child.kill('SIGKILL'), ARCHIVE_LIMIT_MS);
  await waitForPort(port, child);
  child.kill('SIGTERM'); // an orderly end is when the JVM writes the archive
  await ended;
  clearTimeout(limit);
  await rename(unfinished, path.join(folder, 'classes.jsa')).catch(() => undefined);
}

/**
 * Resolves when the port answers or the process is gone, whichever comes first.
 *
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} child
 */
async function waitForPort(port, child) {
  while (child.exitCode === null && child.signalCode === null && child.pid && !(await canConnect(port)))
    await delay(100);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function canConnect(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      });
  });
}
