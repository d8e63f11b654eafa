import type { FailureCode } from '../../../domain/errors/failure.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal, RefusalRow, StepRow } from './journal.ts';
import { appendNumbered } from './numbered.ts';
import type { Row, Table } from './rows.ts';

const STEPS_KEPT = 50_000;
const STEPS_PER_CEREMONY_MAX = 200;
const REFUSALS_KEPT = 5_000;
const REFUSALS_READ_MAX = 1_000;

export function stepJournal(database: JournalDatabase): Journal['steps'] {
  const table = database.table('steps');
  return {
    ...stepQueries(table, database.read),
    record: (ceremony, step, atMs, detail) =>
      database.note(() => appendNumbered(table, STEPS_KEPT, { ceremony, step, at: atMs, detail: detail ?? null })),
  };
}

export function stepQueries(table: Table, read: <T>(work: () => T) => T): Pick<Journal['steps'], 'of' | 'ceremonies'> {
  return {
    of: (ceremony) =>
      read(() =>
        table.select('WHERE ceremony = ? ORDER BY number LIMIT ?', ceremony, STEPS_PER_CEREMONY_MAX).map(stepRow),
      ),
    ceremonies: (limit) =>
      read(() =>
        table
          .select(
            'WHERE number IN (SELECT max(number) FROM steps GROUP BY ceremony) ORDER BY number DESC LIMIT ?',
            limit,
          )
          .map((row) => row['ceremony'] as string),
      ),
  };
}

export type NumberedStep = {
  readonly number: number;
  readonly ceremony: string;
  readonly step: string;
  readonly atMs: number;
};

/** Steps of every ceremony in the order in which they were written, from the one after `number` on. */
export const stepsAfter = (table: Table, number: number): readonly NumberedStep[] =>
  table.select('WHERE number > ? ORDER BY number LIMIT ?', number, STEPS_KEPT).map((row) => ({
    number: row['number'] as number,
    ceremony: row['ceremony'] as string,
    step: row['step'] as string,
    atMs: row['at'] as number,
  }));

/** 0 where there is none. */
export const lastStepNumber = (table: Table): number =>
  (table.first('ORDER BY number DESC LIMIT 1')?.['number'] as number | undefined) ?? 0;

export function refusalJournal(database: JournalDatabase): Journal['refusals'] {
  const table = database.table('refusals');
  return {
    record: (row) =>
      database.note(() =>
        appendNumbered(table, REFUSALS_KEPT, { code: row.code, peer: row.peer, ceremony: row.ceremony, at: row.atMs }),
      ),
    latest: (limit) =>
      database.read(() =>
        table.select('ORDER BY number DESC LIMIT ?', Math.min(limit, REFUSALS_READ_MAX)).map(refusalRow),
      ),
  };
}

function stepRow(row: Row): StepRow {
  const step = { step: row['step'] as string, atMs: row['at'] as number };
  return row['detail'] === null ? step : { ...step, detail: row['detail'] as string };
}

const refusalRow = (row: Row): RefusalRow => ({
  code: row['code'] as FailureCode,
  peer: row['peer'] as string,
  ceremony: row['ceremony'] as string,
  atMs: row['at'] as number,
});
