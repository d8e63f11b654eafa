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
export function keepEvidence(table: Table, evidence: DoubleSigned, atMs: number): void {
  const isKnown = table.first('WHERE digest = ?', evidence.digest) !== undefined;
  if (!isKnown && table.count() < EVIDENCE_KEPT_MAX) table.insert(rowOf(evidence, atMs));
}

/**
 * Inside of a transaction: an order that was in force until now. The count of renewals needs it as of when it was obeyed, so others make room: first
 * what nobody obeyed, then the lowest numbers. The cap on renewals bounds how often that happens.
 */
export function keepReplaced(table: Table, evidence: DoubleSigned, obeyedAtMs: number): void {
  table.replace(rowOf(evidence, obeyedAtMs));
  table.remove(
    `WHERE digest IN (
      SELECT digest FROM double_signed WHERE kind <> 'epoch' AND digest <> ?
      ORDER BY kind = 'capped-order', number DESC, at DESC LIMIT -1 OFFSET ?
    )`,
    evidence.digest,
    EVIDENCE_KEPT_MAX - 1,
  );
}

const rowOf = ({ kind, number, digest, document }: DoubleSigned, at: number): Row => ({
  digest,
  kind,
  number,
  document: documentText(document),
  at,
});

const evidenceRow = (row: Row): DoubleSigned => ({
  kind: row['kind'] as DoubleSigned['kind'],
  number: row['number'] as number,
  digest: row['digest'] as Digest,
  document: documentIn(row),
});
