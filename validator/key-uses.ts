import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { KeyUse } from '../domain/ports/keystore.ts';
import { JOURNAL_FILE } from './custody/journal/database.ts';

type Recorder = (use: KeyUse) => void;

/** Before its first journal a validator opens one secret, its host identity; a keystore that asks for more is refused. */
const HELD_MAX = 4;

/** Whether a journal was ever made in this folder: the mark is made first, so either of the two says so. */
export const journalWasMade = (folder: string): boolean =>
  [JOURNAL_FILE, 'journal.mark'].some((name) => existsSync(join(folder, name)));

/**
 * Where uses of the keystore go. A start that is refused must not leave a journal in a folder that had none, so a first start opens
 * its identity before it makes one: no share exists yet, and what was used is held and is the first thing the new journal gets.
 */
export class KeyUses {
  readonly counts = { opened: 0, refused: 0 };
  private held: KeyUse[] = [];
  private journal: Recorder | undefined;

  /** Throws what the journal throws, and `unavailable.key-use-unrecorded` when too much would wait for it. */
  record(use: KeyUse): void {
    if (this.journal !== undefined) this.journal(use);
    else if (this.held.length < HELD_MAX) this.held.push(use);
    else throw new FirebreakFailure('unavailable.key-use-unrecorded', 'the journal is not open yet');
    this.counts[use.outcome] += 1;
  }

  recordIn(journal: Recorder): void {
    for (const use of this.held) journal(use);
    this.held = [];
    this.journal = journal;
  }
}
