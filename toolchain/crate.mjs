import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { installDebianPackages } from './debian.mjs';
import { ToolchainFailure } from './failure.mjs';

const FETCH_LIMIT_MS = 10 * 60_000;
const CONFIGURE_LIMIT_MS = 10 * 60_000;
const BUILD_LIMIT_MS = 60 * 60_000;
const JOBS = 2;

/**
 * Builds a C++ program whose sources a Rust crate carries. Cargo fetches the crate and checks its bytes against the registry's index; what it says it
 * checked must be the pinned digest. Nothing of Rust is compiled or run.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./recipes.mjs').CrateBuild} crate
 * @param {string} scratch folder that the program is put into, under the tool's name
 * @param {import('./build.mjs').StepProgress} progress
 * @param {string} log
 * @returns {Promise<void>}
 * @throws {ToolchainFailure} `unavailable.tool-missing` `unavailable.tool-build`
 */
export async function buildFromCrate(recipe, crate, scratch, progress, log) {
  const folder = path.join(scratch, 'sources');
  const build = path.join(scratch, 'build');
  try {
    const needed = await installDebianPackages(crate.debian, progress);
    const sources = await fetchCrate(recipe, crate, folder, progress, log);
    const configure = ['-S', path.join(sources, crate.folder), '-B', build, ...crate.flags];
    progress.note?.('configuring');
    await run(recipe, 'cmake', configure, { log, timeoutMs: CONFIGURE_LIMIT_MS }, needed.detail);
    /** @param {string} line */
    const onLine = (line) => {
      const percent = /^\[ *(\d+)%\]/.exec(line)?.[1];
      if (percent) progress.count?.(Number(percent), 100);
    };
    const make = ['--build', build, '--target', crate.target, '--parallel', String(JOBS)];
    await run(recipe, 'cmake', make, { log, timeoutMs: BUILD_LIMIT_MS, onLine }, needed.detail);
    await rename(path.join(build, crate.program), path.join(scratch, recipe.name));
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(build, { recursive: true, force: true });
  }
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
  progress.note?.(`cargo vendor ${name} ${version}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'lib.rs'), '');
  const manifest = `[package]\nname = "sources"\nversion = "0.0.0"\n[lib]\npath = "lib.rs"\n[dependencies]\n${name} = "=${version}"\n`;
  await writeFile(path.join(folder, 'Cargo.toml'), manifest);
  await run(recipe, 'cargo', ['vendor', '--quiet', 'crates'], { cwd: folder, log, timeoutMs: FETCH_LIMIT_MS });
  const unpacked = path.join(folder, 'crates', name);
  const { package: found } = JSON.parse(await readFile(path.join(unpacked, '.cargo-checksum.json'), 'utf8'));
  if (found === sha256) return unpacked;
  throw new ToolchainFailure(
    'unavailable.tool-build',
    `the crate ${name} ${version} is ${found}, not the pinned ${sha256}`,
    { log },
  );
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('./command.mjs').CommandOptions} options
 * @param {string} [hint] what became of the packages that it needs
 */
async function run(recipe, file, args, options, hint) {
  const outcome = await runCommand(file, args, options);
  if (outcome.code === 0) return;
  if (outcome.tail.some((line) => line.includes('ENOENT'))) {
    throw new ToolchainFailure(
      'unavailable.tool-missing',
      `building ${recipe.title} needs cargo, CMake and a C++20 compiler on PATH (Debian: cargo cmake g++)`,
    );
  }
  const why = outcome.timedOut ? 'took too long' : 'failed';
  const message = `${file} ${args[0]} for ${recipe.title} ${why}${hint ? `; ${hint}` : ''}`;
  throw new ToolchainFailure('unavailable.tool-build', message, options.log ? { log: options.log } : {});
}
