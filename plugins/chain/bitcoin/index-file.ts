import { renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Raised with the tables, or with what is checked before a header is stored: an older file is thrown away and filled again from the node. */
const SCHEMA_VERSION = 2;

const SCRIPT_TEXT = /^([0-9a-f]{2})+$/;

const SCHEMA = `
create table meta (key text primary key, value text not null) strict, without rowid;
create table blocks (height integer primary key, hash text not null unique, parent text not null, header blob not null) strict;
create table stale (hash text primary key, parent text not null, height integer not null) strict, without rowid;
create table scans (id integer primary key, from_height integer not null, next_height integer not null, complete integer not null) strict;
create table watched (script text primary key, from_height integer not null, scan integer not null, visible integer not null) strict, without rowid;
create table outputs (block_hash text not null, txid text not null, vout integer not null, script text not null,
  amount_sats integer not null, height integer not null, primary key (block_hash, txid, vout)) strict, without rowid;
create table spends (block_hash text not null, prev_txid text not null, prev_vout integer not null, txid text not null,
  height integer not null, primary key (block_hash, prev_txid, prev_vout)) strict, without rowid;
create index outputs_by_script on outputs (script);
create index outputs_by_outpoint on outputs (txid, vout);
create index spends_by_outpoint on spends (prev_txid, prev_vout);
create index spends_by_txid on spends (txid);
create index watched_by_scan on watched (scan);
pragma user_version = ${SCHEMA_VERSION};
`;

/** Scripts (hex) by the height that they are watched from. */
export type Watched = ReadonlyMap<number, readonly string[]>;

export type OpenedIndex = {
  readonly db: DatabaseSync;
  /** Why the file that was there is gone, when it is. */
  readonly rebuilt?: string;
};

/**
 * Opens the index, or an empty one in its place when the file is damaged or of another version: it is a cache of what the node has.
 * What another version watched is carried over: a worker is told its scripts once and would look at nothing after an upgrade.
 * Throws what SQLite throws when even an empty one cannot be made (full disk, no permission).
 */
export function openIndexFile(path: string, reorgDepthMax: number): OpenedIndex {
  try {
    return { db: openExisting(path) };
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    replaceIndexFile(path, cause instanceof WrongVersion ? watchedIn(path) : new Map(), reorgDepthMax);
    return { db: openExisting(path), rebuilt: reasonText(cause) };
  }
}

/** Whoever names a height knows it from a chain of which so many blocks may have been replaced: what was above it may be below it now. */
export const searchedFrom = (fromHeight: number, reorgDepthMax: number): number =>
  Math.max(0, fromHeight - reorgDepthMax);

/**
 * Puts an index in the place of `path` that has seen no block and searches for `watched`. It takes the name when it is whole: a process
 * that dies meanwhile, or meets a full disk, leaves the old file, and no script is forgotten. `release` closes the old one just before.
 */
export function replaceIndexFile(path: string, watched: Watched, reorgDepthMax: number, release?: () => void): void {
  const made = `${path}.new`;
  discard(made);
  const db = openExisting(made);
  try {
    const scan = db.prepare('insert into scans (from_height, next_height, complete) values (?, ?, 0)');
    const watch = db.prepare('insert into watched values (?, ?, ?, 0)');
    db.exec('begin');
    for (const [fromHeight, scripts] of watched) {
      const { lastInsertRowid } = scan.run(fromHeight, searchedFrom(fromHeight, reorgDepthMax));
      for (const script of scripts) watch.run(script, fromHeight, lastInsertRowid);
    }
    db.exec('commit');
  } finally {
    db.close(); // the last connection moves the write-ahead log into the file and removes it
  }
  release?.();
  discard(path, LOGS); // they would be taken for those of the new file
  renameSync(made, path);
}

const LOGS = ['-wal', '-shm'];

function discard(path: string, suffixes: readonly string[] = ['', ...LOGS]): void {
  for (const suffix of suffixes) rmSync(path + suffix, { force: true });
}

class WrongVersion extends Error {}

/** Scripts by the height that they are watched from; empty when the old file cannot tell. What a damaged one tells may be no script. */
function watchedIn(path: string): Watched {
  const watched = new Map<number, string[]>();
  const db = new DatabaseSync(path);
  try {
    for (const row of db.prepare('select script, from_height from watched').iterate()) {
      const { script, from_height: fromHeight } = row;
      if (typeof script !== 'string' || !SCRIPT_TEXT.test(script)) continue;
      if (typeof fromHeight !== 'number' || fromHeight < 0) continue;
      const scripts = watched.get(fromHeight) ?? [];
      scripts.push(script);
      watched.set(fromHeight, scripts);
    }
    return watched;
  } catch {
    return new Map();
  } finally {
    db.close();
  }
}

/** The result code of SQLite that an error carries (nodejs.org/api/sqlite.html); by shape, since realms do not share `Error`. */
export function sqliteCode(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode : undefined;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html), with their extended forms. */
export function isDamage(cause: unknown): boolean {
  const primary = (sqliteCode(cause) ?? 0) & 0xff;
  return cause instanceof WrongVersion || primary === 11 || primary === 26;
}

export const reasonText = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : 'unknown reason';

function openExisting(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000;');
    const version = Number(db.prepare('pragma user_version').get()?.['user_version']);
    const tables = Number(db.prepare('select count(*) as n from sqlite_schema').get()?.['n']);
    if (tables === 0) db.exec(`begin; ${SCHEMA} commit;`);
    else if (version !== SCHEMA_VERSION)
      throw new WrongVersion(`index of version ${version}, this one is ${SCHEMA_VERSION}`);
    const check = db.prepare('pragma quick_check(1)').get()?.['quick_check'];
    if (check !== 'ok') throw new WrongVersion(String(check));
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}
