import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files below a folder, for whoever looks through everything that a network wrote. One that goes meanwhile is not among them. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
