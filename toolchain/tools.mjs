import { buildByRecipe } from './build.mjs';
import { ToolchainFailure } from './failure.mjs';
import { findByRecipe } from './find.mjs';
import { overrideVariable, recipes } from './recipes.mjs';

/** @typedef {import('./find.mjs').FoundTool} FoundTool */

/**
 * Path of an outside program; builds it when it is nowhere. Prefer `findTool` where minutes of building would be a surprise.
 * `softhsm2` gives the PKCS#11 module (`libsofthsm2.so`), every other name a program to run.
 *
 * @param {string} name one of `toolNames`
 * @returns {Promise<string>}
 * @throws {ToolchainFailure}
 */
export async function toolPath(name) {
  const recipe = recipeOf(name);
  return (await findByRecipe(recipe))?.path ?? (await buildByRecipe(recipe));
}

/**
 * The same without ever building: undefined when the tool is not there yet.
 *
 * @param {string} name
 * @returns {Promise<FoundTool | undefined>}
 */
export async function findTool(name) {
  return findByRecipe(recipeOf(name));
}

/**
 * Finds or builds several tools, one progress step each, and gives the environment that hands their paths to child processes
 * (`FIREBREAK_TOOL_<NAME>`), so that children neither search nor build again. A tool that cannot be had is a failed step.
 *
 * @param {readonly string[]} names
 * @param {import('./progress.mjs').Progress} progress
 * @returns {Promise<{ environment: Record<string, string>, missing: string[] }>}
 */
export async function prepareTools(names, progress) {
  /** @type {Record<string, string>} */
  const environment = {};
  /** @type {string[]} */
  const missing = [];
  for (const name of names) {
    const recipe = recipeOf(name);
    const found = await progress.step(`${recipe.title} ${recipe.version}`, async (step) => {
      const present = await findByRecipe(recipe);
      if (present) {
        step.done(foundInWords(recipe, present));
        return present.path;
      }
      const built = await buildByRecipe(recipe, step);
      const made = await findByRecipe(recipe);
      step.done(made && instead(recipe, made) ? `unpacked: ${foundInWords(recipe, made)}` : `built: ${built}`);
      return built;
    });
    if (found) environment[overrideVariable(name)] = found;
    else missing.push(name);
  }
  return { environment, missing };
}

/**
 * Environment that names the tools that are here already; builds nothing.
 *
 * @returns {Promise<Record<string, string>>}
 */
export async function presentTools() {
  /** @type {Record<string, string>} */
  const environment = {};
  for (const recipe of recipes) {
    const found = await findByRecipe(recipe);
    if (found) environment[overrideVariable(recipe.name)] = found.path;
  }
  return environment;
}

/**
 * @typedef {object} ToolDescription
 * @property {string} name
 * @property {string} title
 * @property {string} purpose
 * @property {'ready' | 'optional' | 'absent' | 'broken'} state `optional`: not here, and nothing misses it
 * @property {string} detail
 * @property {string} remedy empty when ready
 */

/** What `doctor` shows: every tool with its state, never building. @returns {Promise<ToolDescription[]>} */
export async function describeTools() {
  return Promise.all(recipes.map(describe));
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @returns {Promise<ToolDescription>}
 */
async function describe(recipe) {
  const { name, title, purpose } = recipe;
  try {
    const found = await findByRecipe(recipe);
    if (found) {
      return { name, title, purpose, state: 'ready', detail: foundInWords(recipe, found), remedy: '' };
    }
    // What tests alone need takes minutes to build and nothing else misses it.
    if (recipe.crate)
      return { name, title, purpose, state: 'optional', detail: `not here; ${purpose}`, remedy: remedyFor(recipe) };
    return {
      name,
      title,
      purpose,
      state: 'absent',
      detail: `not found; needed for ${purpose}`,
      remedy: remedyFor(recipe),
    };
  } catch (error) {
    if (!(error instanceof ToolchainFailure)) throw error;
    return { name, title, purpose, state: 'broken', detail: error.message, remedy: error.remedy };
  }
}

/**
 * One version, and a second one only with the reason for it: folders of the cache are named after what is pinned, also when Debian gave another.
 *
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./find.mjs').FoundTool} found
 */
export function foundInWords(recipe, found) {
  return [found.version, instead(recipe, found), `from ${found.origin}: ${found.path}`].filter(Boolean).join(', ');
}

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {import('./find.mjs').FoundTool} found
 */
const instead = (recipe, { version, origin }) =>
  origin === 'cache' && recipe.archive && version !== undefined && version !== recipe.version
    ? `Debian's, in place of the pinned ${recipe.version}`
    : undefined;

/** @param {import('./recipes.mjs').Recipe} recipe */
function remedyFor(recipe) {
  if (recipe.archive) return `npm start fetches it once with apt-get, or builds it (needs Go)`;
  if (recipe.go) return 'npm start builds it once (needs Go)';
  if (recipe.crate) return 'npm test builds it once (needs cargo, CMake and a C++ compiler)';
  if (recipe.maven) return 'npm test fetches it once (needs Maven and a JDK)';
  return `sudo apt-get install ${recipe.debian?.join(' ')}`;
}

/** @param {string} name */
function recipeOf(name) {
  const recipe = recipes.find((each) => each.name === name);
  if (!recipe)
    throw new ToolchainFailure('input.tool-name', `there is no tool "${name}"; known: ${toolNames.join(', ')}`);
  return recipe;
}

export const toolNames = recipes.map((recipe) => recipe.name);
