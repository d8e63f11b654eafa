import { closeSync, existsSync, fsyncSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { damaged, journalFailure } from './faults.ts';
import { lockFolder } from './lock.ts';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from './migrations.ts';
import { openTable, type Table, type TableName, verifyRows } from './rows.ts';
import { openWatermark, type Watermark } from './watermark.ts';

export const JOURNAL_FILE = 'journal.sqlite';

/** Tables with the three ways to touch them; after damage or a failed sync every call fails. */
export type JournalDatabase = {
  readonly file: string;
  table(name: TableName): Table;
  read<T>(work: () => T): T;
  /** What must never be contradicted: one transaction, on disk and counted by the watermark when this returns. */
  bind<T>(work: () => T): T;
  /** What is only told: one transaction that no crash of the process undoes, and no power failure after the next binding one. Not counted. */
  note(work: () => void): void;
  /** Everything that `work` binds and notes is one transaction: all of it is on disk when this returns, or none of it ever. */
  atOnce<T>(work: () => T): T;
  close(): void;
};

/** Opens, checks and migrates the journal of `folder`, or creates it where none was ever made. */
export function openDatabase(folder: string): JournalDatabase {
  const lock = lockFolder(folder);
  const file = join(folder, JOURNAL_FILE);
  let watermark: Watermark | undefined;
  let database: DatabaseSync | undefined;
  try {
    watermark = openWatermark(join(folder, 'journal.mark'), !existsSync(file));
    if (watermark.value > 0 && (!existsSync(file) || statSync(file).size === 0))
      throw damaged(file, 'it was removed or emptied');
    database = new DatabaseSync(file);
    database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000; PRAGMA cell_size_check=ON',
    );
    checkLength(database, file);
    migrate(database, file, watermark);
    checkIntegrity(database, file);
    syncFolder(folder);
    return journalDatabase(database, file, watermark, lock.release);
  } catch (error) {
    database?.close();
    watermark?.close();
    lock.release();
    throw journalFailure(error, file);
  }
}

function migrate(database: DatabaseSync, file: string, watermark: Watermark): void {
  const version = pragma(database, 'user_version');
  if (version > SCHEMA_VERSION) {
    throw new FirebreakFailure(
      'policy.journal-newer',
      `journal ${file} has schema ${version}, this build knows ${SCHEMA_VERSION}`,
    );
  }
  if (version === 0 ? watermark.value > 0 : pragma(database, 'application_id') !== APPLICATION_ID) {
    throw damaged(file, 'it is not a journal of this program');
  }
  for (let step = version; step < SCHEMA_VERSION; step += 1) {
    database.exec(
      `BEGIN IMMEDIATE; ${MIGRATIONS[step] ?? ''}; PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${step + 1}`,
    );
    if (step === 0) openTable(database, file, 'ledger').insert({ one: 1, writes: 1 });
    database.exec('COMMIT');
  }
  const writes = writesOf(openTable(database, file, 'ledger'), file);
  if (writes < watermark.value) {
    throw damaged(
      file,
      `it holds ${writes} binding writes where ${watermark.value} were made: its tail is lost or it is an old copy`,
    );
  }
  if (writes > watermark.value) watermark.raise(writes);
}

/**
 * SQLite reads what is missing of the last page as zeros, which is what an empty table holds anyway, so no other check sees such a cut.
 * A stop in the middle of a checkpoint may leave one too, so the log is written back first; that also fills what is still missing up to
 * the full length with zeros, and where other bytes stood the checks of pages and rows say so. While somebody reads, only what was there
 * when they began is written back, and the file may lack pages that are in the log. It never ends within one: a page that a stop left
 * half written is among those that are written again.
 */
function checkLength(database: DatabaseSync, file: string): void {
  const { busy, log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() ?? {};
  if (busy !== 0) return; // another process is writing it back just now
  const { size } = statSync(file);
  const page = pragma(database, 'page_size');
  const expected = log === checkpointed ? pragma(database, 'page_count') * page : Math.ceil(size / page) * page;
  if (size < expected) throw damaged(file, `its last page is cut short, it should have ${expected} bytes`);
}

function checkIntegrity(database: DatabaseSync, file: string): void {
  const verdict = Object.values(database.prepare('PRAGMA integrity_check(1)').get() ?? {})[0];
  if (verdict !== 'ok') throw damaged(file, String(verdict).slice(0, 200));
  verifyRows(database, file);
}

function journalDatabase(
  database: DatabaseSync,
  file: string,
  watermark: Watermark,
  release: () => void,
): JournalDatabase {
  const tables = new Map<TableName, Table>();
  const table = (name: TableName): Table => {
    const known = tables.get(name) ?? openTable(database, file, name);
    tables.set(name, known);
    return known;
  };
  const ledger = table('ledger');
  let closed: FirebreakFailure | undefined;

  const close = (why: FirebreakFailure): void => {
    if (closed !== undefined) return;
    closed = why;
    database.close();
    watermark.close();
    release();
  };
  const guarded = <T>(work: () => T): T => {
    if (closed !== undefined) throw closed;
    try {
      return work();
    } catch (error) {
      const failure = journalFailure(error, file);
      if (ENDS_THE_JOURNAL.has(failure.code)) close(failure);
      throw failure;
    }
  };
  const transaction = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  let running: Running | undefined;
  const write = <T>(work: () => T, waitsForDisk: boolean): T => {
    if (running !== undefined) return within(running, work);
    return guarded(() => {
      const here: Running = { binds: false, failed: undefined };
      let writes = 0;
      running = here;
      let result: T;
      try {
        result = transaction(() => {
          const done = work();
          // What it would still write after the first wait would be outside, and nobody would notice.
          if (done instanceof Promise) throw new FirebreakFailure('bug.journal', 'a journal transaction must not wait');
          if (here.failed !== undefined) throw here.failed.cause;
          if (here.binds && !waitsForDisk)
            throw new FirebreakFailure('bug.journal', 'what is only told must not bind: nobody waits for the disk');
          if (here.binds) {
            writes = writesOf(ledger, file) + 1;
            ledger.replace({ one: 1, writes });
          }
          return done;
        });
      } finally {
        running = undefined;
      }
      if (here.binds) watermark.raise(writes);
      return result;
    });
  };
  const atOnce = <T>(work: () => T): T => write(work, true);
  return {
    file,
    table,
    // Inside of a transaction the outermost call says what an error means, once the transaction is rolled back.
    read: (work) => (running === undefined ? guarded(work) : work()),
    bind: (work) =>
      atOnce(() => {
        if (running !== undefined) running.binds = true;
        return work();
      }),
    note(work) {
      if (running !== undefined) return within(running, work);
      return guarded(() => {
        database.exec('PRAGMA synchronous=NORMAL');
        try {
          write(work, false);
        } finally {
          if (closed === undefined) database.exec('PRAGMA synchronous=FULL');
        }
      });
    },
    atOnce,
    close: () => close(new FirebreakFailure('unavailable.journal-closed', `journal ${file} is closed`)),
  };
}

type Running = { binds: boolean; failed: { readonly cause: unknown } | undefined };

/** A write that failed half way takes everything around it along, also when its caller went on: there is no half of it. */
function within<T>(running: Running, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    running.failed ??= { cause };
    throw cause;
  }
}

const ENDS_THE_JOURNAL: ReadonlySet<string> = new Set(['policy.journal-damaged', 'unavailable.journal-io']);

function writesOf(ledger: Table, file: string): number {
  const writes = ledger.first('WHERE one = 1')?.['writes'];
  if (typeof writes !== 'number') throw damaged(file, 'its ledger row is missing');
  return writes;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
