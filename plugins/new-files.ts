import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { errnoOf, writeFailure } from './durable-file.ts';

export type FirstFile = {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Said when the file is there already. */
  readonly taken: () => FirebreakFailure;
};

/**
 * Sets a folder up, or leaves everything as it was: when `rest` fails, whatever came into `folders` meanwhile is taken away again.
 * Making the first file is the claim to the first folder: who finds it made by another touches nothing.
 * What the system refuses is `unavailable.disk-full` or `unavailable.disk-write`; other failures of `rest` pass through.
 */
export async function setUpFolder<T>(
  folders: readonly [string, ...string[]],
  first: FirstFile,
  rest: () => Promise<T> | T,
): Promise<T> {
  const made: string[] = [];
  try {
    for (const folder of folders) makeFolder(folder, made);
    writeFileSync(first.path, first.text, { flag: 'wx', mode: first.mode, flush: true });
  } catch (error) {
    // Half of a file is there only when the claim was made and the disk was full.
    if (errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT') rmSync(first.path, { force: true });
    takeAwayEmpty(made);
    throw errnoOf(error) === 'EEXIST' && existsSync(first.path) ? first.taken() : named(error, folders[0]);
  }
  const before = folders.map((folder) => new Set(readdirSync(folder)));
  try {
    return await rest();
  } catch (error) {
    folders.forEach((folder, at) => {
      for (const name of readdirSync(folder))
        if (!before[at]?.has(name)) rmSync(join(folder, name), { recursive: true });
    });
    rmSync(first.path, { force: true });
    takeAwayEmpty(made);
    throw named(error, folders[0]);
  }
}

/** Every missing folder of the path for its owner alone, the outermost first; each is noted as it is made. */
function makeFolder(path: string, made: string[]): void {
  if (existsSync(path)) return; // a file in the place of a folder is refused by the system at the next step
  makeFolder(dirname(path), made);
  mkdirSync(path, { mode: 0o700 });
  made.push(path);
}

/** Innermost first; what is in use by now stays. */
function takeAwayEmpty(made: readonly string[]): void {
  for (const folder of made.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}

const named = (error: unknown, folder: string): unknown =>
  error instanceof FirebreakFailure || errnoOf(error) === undefined ? error : writeFailure(error, folder);
