import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../../domain/encoding/digest.ts';
import type { Journal, Release, Spend } from '../journal/journal.ts';
import { openJournal } from '../journal/open.ts';

/** Journals on a real disk, in folders of their own, until `dispose`. */
export class TestJournals {
  readonly #folders: string[] = [];
  readonly #open: Journal[] = [];

  newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'firebreak-journal-'));
    this.#folders.push(folder);
    return folder;
  }

  open(folder: string): Journal {
    const journal = openJournal(folder);
    this.#open.push(journal);
    return journal;
  }

  closeAll(): void {
    for (const journal of this.#open.splice(0)) journal.close();
  }

  dispose(): void {
    this.closeAll();
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

export const FIRST_OUTPUT = '11'.repeat(32).concat(':0');

/** A release of one output, unless `spend` says otherwise. */
export const releaseOf = (name: string, txid = 'aa'.repeat(32), spend: Partial<Spend> = {}): Release => ({
  ceremony: `signing-${name}`,
  requestDigest: `digest-${name}` as Digest,
  spend: { txid, outpoints: [FIRST_OUTPUT], feeSats: 500, hopeless: [], ...spend },
  commitments: [`commitment-${name}`],
  response: new TextEncoder().encode(`response ${name}`),
  atMs: 1,
});
