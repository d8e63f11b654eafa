import type { JournalDatabase } from './database.ts';
import type { Journal } from './journal.ts';

/** Besides the first, which names the journal. */
const STARTS_KEPT = 1_000;

/** Every process that opened this journal, in order. */
export function startJournal(database: JournalDatabase): Journal['starts'] {
  const table = database.table('starts');
  return {
    begin: (instance, atMs) => {
      const last = database.read(() => table.first('ORDER BY number DESC LIMIT 1'));
      const number = ((last?.['number'] as number | undefined) ?? 0) + 1;
      database.bind(() => {
        table.insert({ number, instance, at: atMs });
        table.remove('WHERE number > 1 AND number <= ?', number - STARTS_KEPT);
      });
      const first = database.read(() => table.first('ORDER BY number LIMIT 1'));
      return { journal: (first?.['instance'] as string | undefined) ?? instance, number };
    },
  };
}
