import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What a store of blobs is still writing has another name when it is whole. */
const UNFINISHED = '.unfinished-';

/** Files below a folder, for whoever looks through everything that a network wrote, also while it runs. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && !entry.name.startsWith(UNFINISHED) ? [path] : [];
  });
}
