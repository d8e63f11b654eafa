import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectFolder } from '../../toolchain/recipes.mjs';
import ROOMS from '../../toolchain/rooms.cjs';

export type Source = { readonly file: string; readonly exports: Readonly<Record<string, unknown>> };

/** Imports every module of the rooms whose text matches, in the order of their paths. Tests are left out. */
export async function modulesMatching(pattern: RegExp): Promise<readonly Source[]> {
  const files = ROOMS.flatMap(sourceFiles).filter((file) =>
    pattern.test(readFileSync(path.join(projectFolder, file), 'utf8')),
  );
  return Promise.all(
    files
      .sort()
      .map(async (file) => ({ file, exports: await import(pathToFileURL(path.join(projectFolder, file)).href) })),
  );
}

function sourceFiles(room: string): readonly string[] {
  return listFolder(path.join(projectFolder, room))
    .filter((name) => /\.(ts|mjs)$/.test(name) && !/\.(test|d)\.ts$/.test(name))
    .map((name) => path.join(room, name));
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return []; // the room has nothing to say yet
  }
}
