/**
 * Where Node keeps what it compiled of each file: types stripped, code parsed. A command of the operator starts in 0.37 s instead of
 * 0.62, a worker in 0.53 instead of 0.93, and a process that finds everything never loads Node's stripper, a WebAssembly program of
 * 18 MB, neither in its threads. Node writes it when a process ends in order, and holds each entry against the source that it was made of.
 * The folder lies inside node_modules, so that whoever could poison it could as well change a dependency; one that cannot be written to
 * costs speed and nothing else.
 */
import { fileURLToPath } from 'node:url';

export const COMPILED = fileURLToPath(new URL('../node_modules/.cache/firebreak/compiled', import.meta.url));

/**
 * For the environment of every process of Node that we start; whoever has a folder of their own, or wants none, is left alone.
 *
 * @param {NodeJS.ProcessEnv} environment of whoever starts it
 * @returns {Record<string, string>}
 */
export function compileCacheFor(environment) {
  const { NODE_COMPILE_CACHE: own, NODE_DISABLE_COMPILE_CACHE: none } = environment;
  return {
    NODE_COMPILE_CACHE: own ?? COMPILED,
    ...(none === undefined ? {} : { NODE_DISABLE_COMPILE_CACHE: none }),
  };
}
