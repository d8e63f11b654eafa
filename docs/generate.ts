import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { differing, REFERENCE_FOLDER, referencePages } from './generate/pages.ts';

/** `npm run generate`: writes the reference pages from the code; `--check` only tells which ones are out of date. */
const pages = await referencePages();
const outdated = differing(pages);
if (!process.argv.includes('--check')) {
  mkdirSync(REFERENCE_FOLDER, { recursive: true });
  for (const page of pages) writeFileSync(path.join(REFERENCE_FOLDER, page.file), page.text);
}
process.stdout.write(outdated.map((file) => `${file}\n`).join(''));
// The room's modules may hold timers or sockets open; the pages are on disk.
process.exit(process.argv.includes('--check') && outdated.length > 0 ? 1 : 0);
