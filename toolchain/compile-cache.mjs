/**
 * Where Node keeps what it compiled of each file: types stripped, code parsed. A command of the operator starts in 0.37 s instead of
 * 0.62, a worker in 0.53 instead of 0.93, and a process that finds everything never loads Node's stripper, a WebAssembly program of
 * 18 MB, neither in its threads. Node writes it when a process ends in order, and holds each entry against the source that it was made of.
 * The folder lies inside node_modules, so that whoever could poison it could as well change a dependency; one that cannot be written to
 * costs speed and nothing else.
 */
import { fileURLToPath } from 'node:url';

/** For the environment of every process of Node that we start. */
export const compileCache = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/firebreak/compiled', import.meta.url)),
};
