import { type Dirent, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Files that only their owner may read, wherever they lie in a data folder. */
const SECRET_NAMES = /\.(key|secret|identity)$|^rpc-password$|^identity\.sealed$/;
const ENTRIES_MAX = 50_000;

export type SecretFiles = {
  /** Secrets that others than their owner can read or write. */
  readonly open: readonly string[];
  /** There was more than is looked at. */
  readonly isCut: boolean;
};

/** Links are not followed: what they lead to lies elsewhere, and may lead back. */
export function findSecretFiles(folder: string, entriesMax = ENTRIES_MAX): SecretFiles {
  const open: string[] = [];
  const folders = [folder];
  let left = entriesMax;
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for (const entry of entriesOf(at)) {
      if (left === 0) return { open, isCut: true };
      left -= 1;
      const path = join(at, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && SECRET_NAMES.test(entry.name) && isOpen(path)) open.push(path);
    }
  }
  return { open, isCut: false };
}

/** One after the other: a folder may hold more names than fit into memory. What may not be listed is passed over. */
function* entriesOf(folder: string): Generator<Dirent> {
  let listing: ReturnType<typeof opendirSync>;
  try {
    listing = opendirSync(folder);
  } catch {
    return;
  }
  try {
    for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) yield entry;
  } finally {
    listing.closeSync();
  }
}

/** A file that is gone by now is nobody's to read: a network may be running. */
function isOpen(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & 0o077) !== 0;
}
