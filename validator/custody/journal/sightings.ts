import { validatorId } from '../../../domain/network/network.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal, SightingRow } from './journal.ts';
import type { Row } from './rows.ts';

/** Of one validator: whoever makes itself seen again and again does not push the proofs about others out. */
const SIGHTINGS_PER_VALIDATOR = 16;

/** Proofs that a host identity spoke from two processes at one time, for whoever asks later. */
export function sightingJournal(database: JournalDatabase): Journal['sightings'] {
  const table = database.table('sightings');
  return {
    record: ({ validator, forked, statement, other, atMs }) =>
      database.note(() => {
        const number = Number(table.first('ORDER BY number DESC LIMIT 1')?.['number'] ?? 0) + 1;
        table.insert({ number, validator, forked: forked ? 1 : 0, statement, other, at: atMs });
        const kept = table.select(
          'WHERE validator = ? ORDER BY number DESC LIMIT ?',
          validator,
          SIGHTINGS_PER_VALIDATOR,
        );
        table.remove('WHERE validator = ? AND number < ?', validator, Number(kept.at(-1)?.['number'] ?? 0));
      }),
    latest: (limit) => database.read(() => table.select('ORDER BY number DESC LIMIT ?', limit).map(sightingRow)),
  };
}

const sightingRow = (row: Row): SightingRow => ({
  validator: validatorId(row['validator'] as number),
  forked: row['forked'] === 1,
  statement: row['statement'] as Uint8Array,
  other: row['other'] as Uint8Array,
  atMs: row['at'] as number,
});
