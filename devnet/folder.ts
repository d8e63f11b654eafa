import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { isDevnet } from './down.ts';
import type { Layout } from './layout.ts';
import { type FolderLock, lockFolder } from './supervisor/folder-lock.ts';

/** What the system says of a place where nothing can be written, in the words of whoever typed it. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk is full for this user',
  ENOTDIR: 'a part of the path is a file and not a folder',
  EEXIST: 'it is a file and not a folder',
  ENOENT: 'its file system takes no new folder',
  ENAMETOOLONG: 'the path is too long',
};

/** Throws `input.not-a-data-folder` for somebody's folder: a start would close it to others and mix its files with these. */
export function requireOwnFolder(layout: Layout): void {
  const { root } = layout;
  if (!existsSync(root) || isDevnet(layout)) return;
  const [first] = reading(root, () => readdirSync(root));
  if (first === undefined) return;
  throw new FirebreakFailure(
    'input.not-a-data-folder',
    `${root} holds no devnet and is not empty (${first}): give a folder of its own with --data; nothing was changed`,
    { folder: root },
  );
}

/** Makes the folder, for this user alone, and takes it. Throws `conflict.data-folder-in-use` or `input.data-folder-unwritable`. */
export function takeFolder({ root, lock }: Layout): FolderLock {
  return reading(root, () => {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const taken = lockFolder(lock);
    chmodSync(root, 0o700);
    return taken;
  });
}

/** Runs what writes into the folder; a refusal of the system is named with its remedy. */
export async function writing<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(root, error);
  }
}

function reading<T>(root: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(root, error);
  }
}

function named(root: string, error: unknown): unknown {
  if (error instanceof FirebreakFailure) return error;
  const { code = '', path = root, message } = { ...(error as NodeJS.ErrnoException), message: String(error) };
  const reason = REASONS[code] ?? (code === 'ERR_SQLITE_ERROR' ? message : undefined);
  if (reason === undefined) return error;
  return new FirebreakFailure(
    'input.data-folder-unwritable',
    `cannot write ${path}: ${reason}`,
    { path },
    { cause: error },
  );
}
