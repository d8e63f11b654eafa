import type { Digest } from '../../../domain/encoding/digest.ts';
import type { JournalDatabase } from './database.ts';
import { documentIn, documentText } from './documents.ts';
import type { DoubleSigned, Journal } from './journal.ts';
import type { Row, Table } from './rows.ts';

/** Each took a quorum that signed twice: nobody sees more of them in the life of a network. */
const EVIDENCE_KEPT_MAX = 1_000;

export function doubleSignedJournal(database: JournalDatabase): Journal['doubleSigned'] {
  const table = database.table('double_signed');
  return {
    keep: (evidence, atMs) => database.note(() => keepEvidence(table, evidence, atMs)),
    list: () => database.read(() => table.select('ORDER BY at, digest').map(evidenceRow)),
    count: () => database.read(() => table.count()),
  };
}

/** Inside of a transaction: the same document once, and the oldest ones stay when there is no room for more. */
export function keepEvidence(table: Table, { kind, number, digest, document }: DoubleSigned, atMs: number): void {
  if (table.first('WHERE digest = ?', digest) !== undefined || table.count() >= EVIDENCE_KEPT_MAX) return;
  table.insert({ digest, kind, number, document: documentText(document), at: atMs });
}

const evidenceRow = (row: Row): DoubleSigned => ({
  kind: row['kind'] as DoubleSigned['kind'],
  number: row['number'] as number,
  digest: row['digest'] as Digest,
  document: documentIn(row),
});
