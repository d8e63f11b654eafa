/**
 * `node --import toolchain/strip-cache.mjs file.ts`: the types of each TypeScript file are stripped once and kept. Node's own stripper
 * is a WebAssembly program that costs about 18 MB and 40 ms in every process and again in every thread of it; with the kept text it
 * is never loaded. Lines and columns stay as they are. The cache lies inside node_modules, so that whoever could poison it could as
 * well change a dependency; a folder that cannot be written to costs speed and nothing else.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';

const folder =
  process.env['FIREBREAK_STRIP_CACHE'] ??
  fileURLToPath(new URL('../node_modules/.cache/firebreak/stripped/', import.meta.url));

registerHooks({
  load(url, context, nextLoad) {
    const { protocol, pathname } = new URL(url);
    if (protocol !== 'file:' || !pathname.endsWith('.ts')) return nextLoad(url, context);
    return { format: 'module', source: stripped(readFileSync(fileURLToPath(url), 'utf8')), shortCircuit: true };
  },
});

/** @param {string} text */
function stripped(text) {
  const digest = createHash('sha256').update(`${process.version}\0`).update(text).digest('hex');
  const file = path.join(folder, `${digest}.mjs`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const source = stripTypeScriptTypes(text);
    keep(file, source);
    return source;
  }
}

/** Under a name of its own first: fifteen processes may strip the same file at the same moment, and one may be killed.
 *
 * @param {string} file
 * @param {string} source
 */
function keep(file, source) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const unfinished = `${file}.${process.pid}.${threadId}`;
    writeFileSync(unfinished, source, { mode: 0o600 });
    renameSync(unfinished, file);
  } catch {
    // read-only or full: the next start strips again
  }
}
