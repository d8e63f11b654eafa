import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { isBusy, journalFailure } from './faults.ts';

export type FolderLock = { release(): void };

/**
 * One owner per data folder. The lock is an open exclusive transaction on an empty database beside the journal: the kernel
 * gives it up when the process dies, however it dies, so that no stale lock and no reused process id can exist, and a stopped
 * (SIGSTOP) owner keeps it. The journal itself stays unlocked for readers.
 */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, 'journal.lock');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file);
    lock.exec('PRAGMA busy_timeout=0; BEGIN EXCLUSIVE');
    const held = lock;
    return { release: () => held.close() };
  } catch (error) {
    lock?.close();
    if (isBusy(error)) {
      throw new FirebreakFailure(
        'conflict.journal-in-use',
        `another agent holds ${folder}; two agents on one folder could sign twice`,
      );
    }
    throw journalFailure(error, file);
  }
}
