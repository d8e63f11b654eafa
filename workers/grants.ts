import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignedGrant } from '../domain/committee/grant.ts';
import type { GrantSource } from '../domain/ports/grant-source.ts';
import type { ActivityLogger } from '../activities/dependencies.ts';
import { parseSignedGrant } from '../wire/documents/index.ts';

/** A committee has a handful. */
const GRANTS_MAX = 200;
const GRANT_FILE_BYTES_MAX = 1_048_576;

/**
 * The folder that `firebreak grant install` fills, read whenever somebody asks: a grant that is laid there is found by a run that is already
 * open. A file that is no grant is left out and named in the log.
 */
export const grantFolder = (folder: string, logger: ActivityLogger): GrantSource => ({
  async list({ signal }) {
    const names = await fileNames(folder);
    if (names.length > GRANTS_MAX) logger.warn({ folder, grants: names.length }, `only ${GRANTS_MAX} grants are read`);
    const found: SignedGrant[] = [];
    for (const name of names.slice(0, GRANTS_MAX)) {
      signal.throwIfAborted();
      const file = join(folder, name);
      try {
        const { size } = await stat(file);
        if (size > GRANT_FILE_BYTES_MAX) throw new Error(`it has ${size} bytes`);
        found.push(parseSignedGrant(await readFile(file), name));
      } catch (error) {
        logger.warn({ file, err: error }, 'a file among the grants is none');
      }
    }
    return found;
  },
});

/** Nobody has installed one yet: the folder comes with the first. */
async function fileNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
