import type { Digest } from '../../../domain/encoding/digest.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal } from './journal.ts';

/** Rows stay for ever: one that were forgotten could be signed again, with another history below it. */
export function auditHeadJournal(database: JournalDatabase): Journal['auditHeads'] {
  const table = database.table('audit_heads');
  return {
    of: (incident) =>
      database.read(() => {
        const rows = table.select('WHERE incident = ? ORDER BY count', incident);
        return rows.map((row) => ({ count: row['count'] as number, root: row['root'] as Digest }));
      }),
    count: () => database.read(() => table.count()),
    append: (incident, { count, root }, atMs) =>
      database.bind(() => {
        table.remove('WHERE incident = ?', incident);
        table.insert({ incident, count, root, at: atMs });
      }),
  };
}
