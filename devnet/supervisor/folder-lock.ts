import { DatabaseSync } from 'node:sqlite';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

const SQLITE_BUSY = 5;

export type FolderLock = { release(): void };

/**
 * One devnet per data folder. The lock is SQLite's own lock on a small file: the system gives it back when the holder
 * dies in any way, so nobody ever has to remove a stale one. Throws `conflict.data-folder-in-use`.
 */
export function lockFolder(file: string): FolderLock {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    // A full disk and a folder that cannot be written are nobody else's devnet.
    if ((error as { readonly errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw new FirebreakFailure(
      'conflict.data-folder-in-use',
      `another devnet runs in this data folder (${file} is locked); stop it with "firebreak down"`,
      { file },
      { cause: error },
    );
  }
  return { release: () => database.close() };
}

/** Whether somebody holds the lock right now; a missing file is nobody. */
export function isLocked(file: string): boolean {
  try {
    lockFolder(file).release();
    return false;
  } catch (error) {
    if (error instanceof FirebreakFailure) return true;
    throw error;
  }
}
