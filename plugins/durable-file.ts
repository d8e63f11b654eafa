import { randomBytes } from 'node:crypto';
import { access, constants, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { PortHealth } from '../domain/ports/context.ts';
import type { DurableFileFailureCode } from './failures.ts';

/** How names of unfinished files begin; a reader of the folder skips them. */
export const UNFINISHED = '.unfinished-';

/**
 * Writes a whole file so that after a crash it is there completely or not at all: temporary name, fsync, rename, fsync of the folder.
 * Throws `unavailable.disk-full` or `unavailable.disk-write`, and then leaves nothing behind.
 */
export async function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const unfinished = join(folder, `${UNFINISHED}${basename(path).slice(0, 80)}-${randomBytes(6).toString('hex')}`);
  try {
    await withFile(await open(unfinished, 'wx', mode), async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await rename(unfinished, path);
    await withFile(await open(folder, 'r'), (file) => file.sync());
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined); // the first error is the one worth telling
    throw writeFailure(error, folder);
  }
}

/** `ENOENT`, `ENOSPC` …, whichever realm the error comes from; undefined when it is none of the operating system. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** Names the errors of a write; a foreign error keeps its errno as a fact. */
export function writeFailure(error: unknown, folder: string): FirebreakFailure<DurableFileFailureCode> {
  const errno = errnoOf(error) ?? 'unknown';
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return new FirebreakFailure(
    full ? 'unavailable.disk-full' : 'unavailable.disk-write',
    full ? `no space left in ${folder}` : `cannot write in ${folder} (${errno})`,
    { folder, errno },
    { cause: error },
  );
}

/** Health of whatever keeps its files in one folder. */
export async function folderHealth(folder: string): Promise<PortHealth> {
  try {
    await access(folder, constants.R_OK | constants.W_OK);
    return { state: 'ok' };
  } catch {
    return { state: 'down', reason: `cannot read and write ${folder}` };
  }
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
