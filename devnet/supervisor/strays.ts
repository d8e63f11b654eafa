import { readdirSync, readFileSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { FOLDER_MARK } from './launch.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

/**
 * Processes that were started for a folder below `root`, found by the mark in their environment. A supervisor that is killed
 * between a start and the line in its ledger leaves one that no file knows. Linux only: elsewhere the ledger is all there is.
 */
export function strays(root: string): readonly (ProcessIdentity & { readonly name: string })[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const folder = folderOf(pid);
      if (folder === undefined || !folder.startsWith(`${root}${sep}`)) return [];
      const identity = identify(Number(pid));
      return identity === undefined ? [] : [{ name: basename(folder), ...identity }];
    });
}

function folderOf(pid: string): string | undefined {
  try {
    const entry = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .find((line) => line.startsWith(`${FOLDER_MARK}=`));
    return entry?.slice(FOLDER_MARK.length + 1);
  } catch {
    return undefined; // it ended while we looked, or belongs to somebody else
  }
}
