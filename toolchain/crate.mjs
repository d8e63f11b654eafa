import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { runCommand } from './command.mjs';
import { installDebianPackages } from './debian.mjs';
import { ToolchainFailure } from './failure.mjs';

/** Together below the time for which another build waits (lock.mjs). */
const FETCH_LIMIT_MS = 5 * 60_000;
const CONFIGURE_LIMIT_MS = 3 * 60_000;
const BUILD_LIMIT_MS = 25 * 60_000;
const JOBS = 2;

/**
 * Builds a C++ program whose sources a Rust crate carries. Cargo only fetches the crate; its bytes are held against the pinned digest here, and nothing of
 * Rust is compiled or run.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./recipes.mjs').CrateBuild} crate
 * @param {string} scratch folder that the program is put into, under the tool's name
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log beginning of the names of the steps' logs
 * @param {typeof installDebianPackages} [install]
 * @returns {Promise<void>}
 * @throws {ToolchainFailure} `unavailable.tool-missing` `unavailable.tool-build` `policy.tool-source`
 */
export async function buildFromCrate(recipe, crate, scratch, progress, log, install = installDebianPackages) {
  const folder = path.join(scratch, 'sources');
  const build = path.join(scratch, 'build');
  try {
    const sources = await fetchCrate(recipe, crate, folder, progress, log);
    const from = ['-S', path.join(sources, crate.folder), '-B', build];
    const include = `-DCMAKE_PROJECT_${crate.project}_INCLUDE=${crate.include}`;
    await configure(recipe, crate, ['-G', 'Unix Makefiles', ...from, include, ...crate.flags], progress, log, install);
    await run(recipe, 'compiling', 'cmake', ['--build', build, '--target', crate.target, '--parallel', `${JOBS}`], {
      log: logOf(log, 'compile'),
      timeoutMs: BUILD_LIMIT_MS,
      onLine: (line) => {
        const percent = /^\[ *(\d+)%\]/.exec(line)?.[1];
        if (percent) progress.count?.(Number(percent), 100);
      },
    });
    await rename(path.join(build, crate.program), path.join(scratch, recipe.name));
  } catch (cause) {
    if (cause instanceof ToolchainFailure) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ToolchainFailure('unavailable.tool-build', `building ${recipe.title} failed: ${why}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(build, { recursive: true, force: true });
  }
}

/**
 * Packages are installed only where it does not go without them.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./recipes.mjs').CrateBuild} crate
 * @param {readonly string[]} args
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log
 * @param {typeof installDebianPackages} install
 */
async function configure(recipe, crate, args, progress, log, install) {
  const options = { log: logOf(log, 'configure'), timeoutMs: CONFIGURE_LIMIT_MS };
  progress.note?.('configuring');
  if ((await runCommand('cmake', args, options)).code === 0) return;
  const { detail } = await install(crate.debian, progress);
  progress.note?.('configuring');
  await run(recipe, 'configuring', 'cmake', args, options, detail);
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./recipes.mjs').CrateBuild} crate
 * @param {string} folder
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log
 * @returns {Promise<string>} folder of the unpacked crate
 */
async function fetchCrate(recipe, { name, version, sha256 }, folder, progress, log) {
  progress.note?.(`cargo fetch ${name} ${version}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'lib.rs'), '');
  // A workspace of its own: a Cargo.toml in a folder above is nobody's business.
  const manifest = `[package]\nname = "sources"\nversion = "0.0.0"\n[lib]\npath = "lib.rs"\n[workspace]\n[dependencies]\n${name} = "=${version}"\n`;
  await writeFile(path.join(folder, 'Cargo.toml'), manifest);
  const options = { cwd: folder, log: logOf(log, 'fetch'), timeoutMs: FETCH_LIMIT_MS };
  await run(recipe, 'fetching the sources of', 'cargo', ['fetch', '--quiet'], options);
  const file = await pinnedFile(recipe, `${name}-${version}.crate`, sha256);
  const unpack = ['-xzf', file, '-C', folder];
  await run(recipe, 'unpacking', 'tar', unpack, { log: logOf(log, 'unpack'), timeoutMs: FETCH_LIMIT_MS });
  return path.join(folder, `${name}-${version}`);
}

/**
 * The file that cargo keeps of a crate, of whichever registry it came from. Cargo checks what it downloads and trusts what it finds there; this looks at the bytes.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} file
 * @param {string} sha256
 */
async function pinnedFile(recipe, file, sha256) {
  const kept = path.join(process.env.CARGO_HOME || path.join(os.homedir(), '.cargo'), 'registry', 'cache');
  let other;
  for (const registry of await readdir(kept).catch(() => [])) {
    const candidate = path.join(kept, registry, file);
    const bytes = await readFile(candidate).catch(() => undefined);
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) return candidate;
    if (bytes) other = candidate;
  }
  if (other)
    throw new ToolchainFailure(
      'policy.tool-source',
      `${other} is not what ${recipe.title} is built from: its SHA-256 is not ${sha256}`,
    );
  throw new ToolchainFailure('unavailable.tool-build', `cargo fetched ${file} and keeps none below ${kept}`);
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} doing
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('./command.mjs').CommandOptions & { log: string }} options
 * @param {string} [hint] what became of the packages that it needs
 */
async function run(recipe, doing, file, args, options, hint) {
  const outcome = await runCommand(file, args, options);
  if (outcome.code === 0) return;
  if (outcome.code === null && outcome.tail.some((line) => line.startsWith('spawn '))) {
    throw new ToolchainFailure(
      'unavailable.tool-missing',
      `${recipe.title} is not here, and building it needs cargo 1.70, CMake 3.22, GCC 12 and Boost's headers (Debian: cargo ${recipe.crate?.debian.join(' ')})`,
    );
  }
  const message = `${doing} ${recipe.title} ${outcome.timedOut ? 'took too long' : 'failed'}${hint ? `; ${hint}` : ''}`;
  throw new ToolchainFailure('unavailable.tool-build', message, { log: options.log });
}

/**
 * @param {string} log
 * @param {string} step
 */
const logOf = (log, step) => log.replace(/(\.log)?$/, `-${step}.log`);
