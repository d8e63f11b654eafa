import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import type { WatchedOutput } from '../../../domain/ports/chain.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import type { FoundOutput, FoundSpend } from './block-reader.ts';
import { type Header, readHeader } from './header.ts';

export type StoredBlock = ChainAnchor & { readonly parent: string };
export type ConnectedBlock = {
  readonly header: Header;
  readonly height: number;
  readonly outputs: readonly FoundOutput[];
  readonly spends: readonly FoundSpend[];
};
export type Scan = { readonly id: number; readonly nextHeight: number };

/** Headers of replaced blocks are kept this far below the tip, so that a follower can be told of its rollback. */
const STALE_KEPT_BLOCKS = 2_016;

type Row = Record<string, SQLOutputValue>;

/** Statements over the index; every row of `outputs` and `spends` belongs to a canonical block. */
export class IndexStore {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  close(): void {
    this.#db.close();
  }

  /** All or nothing: a crash in between leaves the branch that was there. */
  atomically<T>(work: () => T): T {
    this.#db.exec('begin immediate');
    try {
      const result = work();
      this.#db.exec('commit');
      return result;
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw cause;
    }
  }

  meta(key: string): string | undefined {
    return textOrNothing(this.#one('select value from meta where key = ?', key)?.['value']);
  }

  setMeta(key: string, value: string): void {
    this.#run('insert into meta values (?, ?) on conflict (key) do update set value = excluded.value', key, value);
  }

  dropMeta(key: string): void {
    this.#run('delete from meta where key = ?', key);
  }

  tip(): StoredBlock | undefined {
    return blockOf(this.#one('select height, hash, parent from blocks order by height desc limit 1'));
  }

  base(): StoredBlock | undefined {
    return blockOf(this.#one('select height, hash, parent from blocks order by height limit 1'));
  }

  blockAt(height: number): StoredBlock | undefined {
    return blockOf(this.#one('select height, hash, parent from blocks where height = ?', height));
  }

  heightOf(hash: string): number | undefined {
    const height = this.#one('select height from blocks where hash = ?', hash)?.['height'];
    return height === undefined ? undefined : Number(height);
  }

  staleBlock(hash: string): StoredBlock | undefined {
    return blockOf(this.#one('select height, hash, parent from stale where hash = ?', hash));
  }

  headerAt(height: number): Header | undefined {
    const bytes = this.#one('select header from blocks where height = ?', height)?.['header'];
    return bytes instanceof Uint8Array ? readHeader(bytes) : undefined;
  }

  /** A block whose transactions nobody has searched: below the first block that was scanned. */
  addHeader(header: Header, height: number): void {
    this.#run('insert into blocks values (?, ?, ?, ?)', height, header.hash, header.parent, header.bytes);
  }

  connect(block: ConnectedBlock): void {
    this.addHeader(block.header, block.height);
    this.#run('delete from stale where hash = ? or height < ?', block.header.hash, block.height - STALE_KEPT_BLOCKS);
    this.addFindings(block.header.hash, block.height, block.outputs, block.spends);
  }

  /** Findings of a back-scan; a block that is searched twice gives the same rows. */
  addFindings(hash: string, height: number, outputs: readonly FoundOutput[], spends: readonly FoundSpend[]): void {
    for (const o of outputs) {
      this.#run(
        'insert or ignore into outputs values (?, ?, ?, ?, ?, ?)',
        hash,
        o.txid,
        o.vout,
        o.script,
        o.amountSats,
        height,
      );
    }
    for (const s of spends) {
      this.#run('insert or ignore into spends values (?, ?, ?, ?, ?)', hash, s.prevTxid, s.prevVout, s.txid, height);
    }
  }

  /** Takes the tip off; returns the watched outpoints that exist no longer. */
  disconnectTip(): { readonly block: StoredBlock; readonly gone: readonly Outpoint[] } {
    const block = this.tip();
    if (block === undefined) throw new Error('an empty index has no tip to take off');
    const gone = this.#all('select txid, vout from outputs where block_hash = ?', block.hash);
    this.#run('delete from outputs where block_hash = ?', block.hash);
    this.#run('delete from spends where block_hash = ?', block.hash);
    this.#run('delete from blocks where height = ?', block.height);
    this.#run('insert or replace into stale values (?, ?, ?)', block.hash, block.parent, block.height);
    return { block, gone: gone.map((row) => ({ txid: String(row['txid']), vout: Number(row['vout']) })) };
  }

  addScan(fromHeight: number, complete: boolean, nextHeight: number = fromHeight): number {
    const sql = 'insert into scans (from_height, next_height, complete) values (?, ?, ?)';
    return Number(this.#prepare(sql).run(fromHeight, nextHeight, complete ? 1 : 0).lastInsertRowid);
  }

  /** A script that is watched again from further below stays visible while it is searched for. */
  watch(script: string, fromHeight: number, scan: number): void {
    this.#run(
      `insert into watched values (?, ?, ?, 0) on conflict (script) do update set from_height = excluded.from_height, scan = excluded.scan`,
      script,
      fromHeight,
      scan,
    );
  }

  watchedFrom(script: string): number | undefined {
    const height = this.#one('select from_height from watched where script = ?', script)?.['from_height'];
    return height === undefined ? undefined : Number(height);
  }

  isVisible(script: string): boolean {
    return this.#one('select visible from watched where script = ?', script)?.['visible'] === 1;
  }

  /** The unfinished back-scans that these scripts wait for. */
  scansOf(scripts: readonly string[]): number[] {
    const sql = 'select s.id from watched w join scans s on s.id = w.scan where w.script = ? and s.complete = 0';
    const ids = scripts.map((script) => this.#one(sql, script)?.['id']);
    return [...new Set(ids.filter((id) => id !== undefined).map(Number))];
  }

  watched(): readonly { readonly script: string; readonly fromHeight: number; readonly scan: number }[] {
    return this.#all('select script, from_height, scan from watched').map((row) => ({
      script: String(row['script']),
      fromHeight: Number(row['from_height']),
      scan: Number(row['scan']),
    }));
  }

  watchedOutpoints(): readonly Outpoint[] {
    return this.#all('select txid, vout from outputs').map((row) => ({
      txid: String(row['txid']),
      vout: Number(row['vout']),
    }));
  }

  /** The unfinished back-scan that is furthest behind. */
  pendingScan(): Scan | undefined {
    const row = this.#one('select id, next_height from scans where complete = 0 order by next_height limit 1');
    return row === undefined ? undefined : { id: Number(row['id']), nextHeight: Number(row['next_height']) };
  }

  isScanComplete(scan: number): boolean {
    return this.#one('select complete from scans where id = ?', scan)?.['complete'] === 1;
  }

  moveScan(scan: number, nextHeight: number): void {
    this.#run('update scans set next_height = ? where id = ?', nextHeight, scan);
  }

  finishScan(scan: number): void {
    this.#run('update scans set complete = 1 where id = ?', scan);
    this.#run('update watched set visible = 1 where scan = ?', scan);
  }

  outputsOf(script: string, tipHeight: number): WatchedOutput[] {
    return this.#all(`${OUTPUT_ROWS} where o.script = ? order by o.height, o.txid, o.vout`, script).map((row) =>
      outputOf(row, tipHeight),
    );
  }

  outputAt(outpoint: Outpoint, tipHeight: number): WatchedOutput | undefined {
    const row = this.#one(`${OUTPUT_ROWS} where o.txid = ? and o.vout = ?`, outpoint.txid, outpoint.vout);
    return row === undefined ? undefined : outputOf(row, tipHeight);
  }

  outputsIn(blockHash: string, tipHeight: number): WatchedOutput[] {
    return this.#all(`${OUTPUT_ROWS} where o.block_hash = ? order by o.txid, o.vout`, blockHash).map((row) =>
      outputOf(row, tipHeight),
    );
  }

  spendsIn(blockHash: string): Outpoint[] {
    return this.#all(
      'select prev_txid, prev_vout from spends where block_hash = ? order by prev_txid, prev_vout',
      blockHash,
    ).map((row) => ({ txid: String(row['prev_txid']), vout: Number(row['prev_vout']) }));
  }

  /** Whether a canonical block has this spender of a watched output. */
  hasSpender(txid: string): boolean {
    return this.#one('select 1 as yes from spends where txid = ? limit 1', txid) !== undefined;
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const fresh = this.#db.prepare(sql);
    this.#prepared.set(sql, fresh);
    return fresh;
  }

  #one(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#prepare(sql).run(...values);
  }
}

const OUTPUT_ROWS = `select o.txid, o.vout, o.script, o.amount_sats, o.block_hash, o.height,
  s.txid as spender, s.block_hash as spend_block, s.height as spend_height
  from outputs o left join spends s on s.prev_txid = o.txid and s.prev_vout = o.vout`;

function outputOf(row: Row, tipHeight: number): WatchedOutput {
  const height = Number(row['height']);
  const output = {
    outpoint: { txid: String(row['txid']), vout: Number(row['vout']) },
    script: String(row['script']),
    amountSats: Number(row['amount_sats']),
    blockHash: String(row['block_hash']),
    height,
    confirmations: tipHeight - height + 1,
  };
  if (row['spender'] === null) return output;
  const spendHeight = Number(row['spend_height']);
  const spentBy = {
    txid: String(row['spender']),
    blockHash: String(row['spend_block']),
    height: spendHeight,
    confirmations: tipHeight - spendHeight + 1,
  };
  return { ...output, spentBy };
}

const blockOf = (row: Row | undefined): StoredBlock | undefined =>
  row === undefined
    ? undefined
    : { height: Number(row['height']), hash: String(row['hash']), parent: String(row['parent']) };

const textOrNothing = (value: SQLOutputValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
