import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { builtFile } from './cache.mjs';
import { runCommand } from './command.mjs';
import { ToolchainFailure } from './failure.mjs';
import { overrideVariable } from './recipes.mjs';

/**
 * @typedef {object} FoundTool
 * @property {string} name
 * @property {string} path absolute
 * @property {'environment' | 'path' | 'cache' | 'system'} origin
 * @property {string} [version] what the program says of itself; absent for files that cannot say
 */

/**
 * Looks for a tool without building anything: the override variable, then PATH (or its well-known places), then the cache.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @returns {Promise<FoundTool | undefined>}
 * @throws {ToolchainFailure} `input.tool-override`: an override that does not work is a mistake to show, not to step over
 */
export async function findByRecipe(recipe, environment = process.env) {
  const override = environment[overrideVariable(recipe.name)];
  if (override) return { ...(await checkOverride(recipe, override)), origin: 'environment' };

  const commands = [recipe.command, recipe.alias].filter((each) => each !== undefined);
  for (const candidate of commands.flatMap((command) => onPath(command, environment.PATH ?? ''))) {
    const version = (await isFile(candidate, constants.X_OK)) ? await versionOf(recipe, candidate) : undefined;
    if (version?.said && version.recentEnough)
      return { name: recipe.name, path: candidate, origin: 'path', version: version.said };
  }
  for (const place of recipe.places ?? []) {
    if (await isFile(place, constants.R_OK)) return { name: recipe.name, path: place, origin: 'system' };
  }
  if (!recipe.go && !recipe.maven && !recipe.archive && !recipe.crate) return undefined;
  const built = builtFile(recipe);
  if (!(await isFile(built, constants.X_OK))) return undefined;
  // What Debian gave has Debian's version.
  const version = (recipe.archive && (await versionOf(recipe, built))?.said) || recipe.version;
  return { name: recipe.name, path: built, origin: 'cache', version };
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} override
 */
async function checkOverride(recipe, override) {
  const file = path.resolve(override);
  const variable = overrideVariable(recipe.name);
  if (!(await isFile(file, recipe.places ? constants.R_OK : constants.X_OK))) {
    throw new ToolchainFailure('input.tool-override', `${variable} is ${override}, where no usable file is`);
  }
  const version = await versionOf(recipe, file);
  if (version && !version.recentEnough) {
    const wanted = recipe.versionCheck?.atLeast;
    throw new ToolchainFailure(
      'input.tool-override',
      `${variable} is ${override}, which says version ${version.said ?? 'nothing known'}; at least ${wanted} is needed`,
    );
  }
  return { name: recipe.name, path: file, ...(version?.said && { version: version.said }) };
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {string} file
 * @returns {Promise<{ said?: string, recentEnough: boolean } | undefined>} undefined when the tool cannot be asked
 */
async function versionOf({ versionCheck }, file) {
  if (!versionCheck) return undefined;
  const { stdout } = await runCommand(file, versionCheck.args, { timeoutMs: 20_000 });
  const said = versionCheck.pattern.exec(stdout.trim())?.[1];
  return said ? { said, recentEnough: compareVersions(said, versionCheck.atLeast) >= 0 } : { recentEnough: false };
}

/**
 * @param {string} left
 * @param {string} right
 * @returns {number} negative, zero or positive, as for `sort`
 */
export function compareVersions(left, right) {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * @param {string} command
 * @param {string} searchPath
 */
export const onPath = (command, searchPath) =>
  searchPath
    .split(path.delimiter)
    .filter(Boolean)
    .map((folder) => path.resolve(folder, command));

/**
 * @param {string} file
 * @param {number} mode
 */
export async function isFile(file, mode = constants.R_OK) {
  try {
    await access(file, mode);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
