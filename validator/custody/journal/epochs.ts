import type { SignedEpoch } from '../../../domain/committee/epoch.ts';
import type { JournalDatabase } from './database.ts';
import { documentIn, documentText } from './documents.ts';
import type { Journal } from './journal.ts';

export function epochJournal(database: JournalDatabase): Journal['epochs'] {
  const table = database.table('epochs');
  return {
    list: () => database.read(() => table.select('ORDER BY number').map((row) => documentIn<SignedEpoch>(row))),
    append: (signed, digest, atMs) =>
      database.bind(() =>
        table.insert({ number: signed.epoch.committee.epoch, digest, document: documentText(signed), at: atMs }),
      ),
  };
}
