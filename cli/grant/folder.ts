import { readdirSync } from 'node:fs';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

/** No more are installed side by side. */
export const GRANTS_MAX = 200;

/** Names of the files of installed grants, in order; none where the folder is not there yet. Throws `input.file`. */
export function grantNamesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new FirebreakFailure('input.file', `grants folder ${folder} cannot be read: ${(error as Error).message}`, {
      path: folder,
    });
  }
}
