import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { damaged } from './faults.ts';

export type Cell = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, Cell>>;

const SUM_BYTES = 16;

/** Columns of each table in schema order, without the checksum. */
export const COLUMNS = {
  keysets: ['keyset', 'epoch', 'state', 'package', 'certificate', 'sealed_share', 'sealed_at', 'self_test'],
  burnt_nonces: ['commitment', 'ceremony', 'request_digest', 'at'],
  outpoint_locks: ['outpoint', 'txid', 'fee_sats', 'request_digest', 'at'],
  signed_requests: ['digest', 'ceremony', 'response', 'at'],
  outflow: ['outpoint', 'sats', 'at'],
  lock_proposals: ['txid', 'outpoints', 'proposal', 'at'],
  signed_for: ['digest', 'txid'],
  claims: ['validator', 'txid', 'proposal', 'bytes', 'at'],
  claimed_outputs: ['outpoint', 'validator', 'txid'],
  orders: ['number', 'digest', 'frozen_until', 'document', 'at'],
  chain_freezes: ['number', 'after_order', 'tip_hash', 'tip_height', 'reason', 'lifted_by', 'at'],
  terms: ['vault', 'keyset', 'document', 'script', 'watch_from', 'at'],
  key_uses: ['number', 'keyset', 'epoch', 'purpose', 'outcome', 'at'],
  refusals: ['number', 'code', 'peer', 'ceremony', 'at'],
  steps: ['number', 'ceremony', 'step', 'at', 'detail'],
  epochs: ['number', 'digest', 'document', 'at'],
  grants: ['digest', 'document', 'at'],
  grant_uses: ['grant_digest', 'run', 'step', 'digest', 'after_order', 'frozen_until', 'obeyed', 'document', 'at'],
  double_signed: ['digest', 'kind', 'number', 'document', 'at'],
  audit_heads: ['incident', 'count', 'root', 'at'],
  begun_keygens: ['ceremony', 'epoch', 'at'],
  ledger: ['one', 'writes'],
  starts: ['number', 'instance', 'at'],
  decided: ['one', 'decisions', 'head'],
  sightings: ['number', 'validator', 'forked', 'statement', 'other', 'at'],
} as const satisfies Record<string, readonly string[]>;
export type TableName = keyof typeof COLUMNS;

/**
 * A table whose rows carry their own checksum. SQLite's integrity check sees a broken tree but not a changed value inside one:
 * a flipped bit in a lock must not become another lock. The sum is against accidents, not against whoever owns the disk.
 */
export type Table = {
  readonly name: TableName;
  insert(row: Row): void;
  /** Replaces the row with the same key. */
  replace(row: Row): void;
  /** Rows of `SELECT … FROM table <tail>`, each checked; `policy.journal-damaged` for the first that does not fit its sum. */
  select(tail: string, ...values: Cell[]): readonly Row[];
  first(tail: string, ...values: Cell[]): Row | undefined;
  remove(tail: string, ...values: Cell[]): void;
  count(tail?: string, ...values: Cell[]): number;
  /**
   * Of one column of the rows of `tail`, at most the largest safe integer. Every row was checked when the journal was opened; these are
   * not checked again.
   */
  sum(column: string, tail: string, ...values: Cell[]): number;
};

export function openTable(database: DatabaseSync, file: string, name: TableName): Table {
  const columns: readonly string[] = COLUMNS[name];
  const list = [...columns, 'sum'].join(', ');
  const marks = [...columns, 'sum'].map(() => '?').join(', ');
  const prepared = new Map<string, StatementSync>();
  const statement = (text: string): StatementSync => {
    const known = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, known);
    return known;
  };
  const write = (verb: 'INSERT' | 'REPLACE', row: Row): void => {
    const cells = columns.map((column) => row[column] ?? null);
    statement(`${verb} INTO ${name} (${list}) VALUES (${marks})`).run(...cells, rowSum(name, cells));
  };
  const checked = (found: Record<string, unknown>): Row => {
    const row = found as Record<string, Cell>;
    const cells = columns.map((column) => row[column] ?? null);
    const sum = row['sum'];
    if (!(sum instanceof Uint8Array) || !Buffer.from(rowSum(name, cells)).equals(sum)) {
      throw damaged(file, `a row of ${name} does not fit its checksum`);
    }
    return row;
  };
  const select = (tail: string, values: readonly Cell[]): Row[] =>
    statement(`SELECT ${list} FROM ${name} ${tail}`)
      .all(...values)
      .map(checked);
  return {
    name,
    insert: (row) => write('INSERT', row),
    replace: (row) => write('REPLACE', row),
    select: (tail, ...values) => select(tail, values),
    first: (tail, ...values) => select(tail, values)[0],
    count: (tail = '', ...values) =>
      Number(statement(`SELECT count(*) AS rows FROM ${name} ${tail}`).get(...values)?.['rows']),
    sum: (column, tail, ...values) =>
      Math.min(
        Number(statement(`SELECT total(${column}) AS sum FROM ${name} ${tail}`).get(...values)?.['sum']),
        Number.MAX_SAFE_INTEGER,
      ),
    remove: (tail, ...values) => void statement(`DELETE FROM ${name} ${tail}`).run(...values),
  };
}

/** Every row of every table, one at a time: a journal of any size is read in constant memory. */
export function verifyRows(database: DatabaseSync, file: string): void {
  for (const name of Object.keys(COLUMNS) as TableName[]) {
    const columns: readonly string[] = COLUMNS[name];
    for (const found of database.prepare(`SELECT ${[...columns, 'sum'].join(', ')} FROM ${name}`).iterate()) {
      const row = found as Record<string, Cell>;
      const sum = row['sum'];
      const expected = rowSum(
        name,
        columns.map((column) => row[column] ?? null),
      );
      if (!(sum instanceof Uint8Array) || !Buffer.from(expected).equals(sum)) {
        throw damaged(file, `a row of ${name} does not fit its checksum`);
      }
    }
  }
}

function rowSum(table: TableName, cells: readonly Cell[]): Uint8Array {
  const hash = sha256.create().update(utf8ToBytes(`${table}\n`));
  for (const cell of cells) {
    const bytes = typeof cell === 'object' ? (cell ?? new Uint8Array(0)) : utf8ToBytes(String(cell));
    hash.update(utf8ToBytes(`${cell === null ? 'null' : typeof cell}:${bytes.length}\n`)).update(bytes);
  }
  return hash.digest().subarray(0, SUM_BYTES);
}
