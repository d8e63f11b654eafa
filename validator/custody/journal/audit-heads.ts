import type { Digest } from '../../../domain/encoding/digest.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal } from './journal.ts';

/** Rows stay for ever: one that were forgotten could be signed again, with another history below it. */
export function auditHeadJournal(database: JournalDatabase): Journal['auditHeads'] {
  const table = database.table('audit_heads');
  return {
    of: (incident) =>
      database.read(() => {
        const row = table.first('WHERE incident = ?', incident);
        return row === undefined ? undefined : { count: row['count'] as number, root: row['root'] as Digest };
      }),
    count: () => database.read(() => table.count()),
    append: (incident, { count, root }, atMs) =>
      database.bind(() => table.replace({ incident, count, root, at: atMs })),
  };
}
