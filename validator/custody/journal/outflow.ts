import { type Outflow, roomAtMs, windowStartMs } from '../../../domain/vault/outflow.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal, LockConflict, Spend } from './journal.ts';
import type { Row, Table } from './rows.ts';

const ROWS_AT_ONCE = 100;

/** Coins that payouts were signed for. Rows stay: coins that came back after a window would count a second time. */
export function outflowJournal(database: JournalDatabase): Journal['outflow'] {
  return { sumSince: (atMs) => database.read(() => sumSince(database.table('outflow'), atMs)) };
}

/** Inside of the transaction of the release: what its coins are above the cap, counting each of them once. */
export function outflowConflict(table: Table, { outflow }: Spend, nowMs: number): LockConflict | undefined {
  if (outflow === undefined) return undefined;
  const { cap, coins } = outflow;
  const moreSats = coins.reduce((sum, coin) => (isCounted(table, coin) ? sum : sum + coin.sats), 0);
  // What was signed before may be signed again, also under a cap that was lowered since.
  if (moreSats === 0) return undefined;
  const startMs = windowStartMs(nowMs, cap);
  const signedSats = sumSince(table, startMs);
  const atMs = roomAtMs(signedSats, oldestSince(table, startMs), moreSats, cap);
  return atMs === 0 ? undefined : { kind: 'outflow', moreSats, signedSats, cap, roomAtMs: atMs };
}

export function countOutflow(table: Table, { outflow }: Spend, atMs: number): void {
  for (const coin of outflow?.coins ?? [])
    if (!isCounted(table, coin)) table.replace({ outpoint: coin.outpoint, sats: coin.sats, at: atMs });
}

/** A row of less than its coin is worth came with an import that somebody edited, and counts for nothing. */
const isCounted = (table: Table, { outpoint, sats }: Pick<Outflow, 'outpoint' | 'sats'>): boolean =>
  table.first('WHERE outpoint = ? AND sats >= ?', outpoint, sats) !== undefined;

const sumSince = (table: Table, atMs: number): number => table.sum('sats', 'WHERE at > ?', atMs);

/** Few rows say when there is room again, of however many there are. */
function* oldestSince(table: Table, startMs: number): Iterable<{ readonly sats: number; readonly atMs: number }> {
  let rows: readonly Row[] = table.select('WHERE at > ? ORDER BY at, outpoint LIMIT ?', startMs, ROWS_AT_ONCE);
  while (rows.length > 0) {
    for (const row of rows) yield { sats: row['sats'] as number, atMs: row['at'] as number };
    const { at = null, outpoint = null } = rows.at(-1) ?? {};
    rows = table.select('WHERE (at, outpoint) > (?, ?) ORDER BY at, outpoint LIMIT ?', at, outpoint, ROWS_AT_ONCE);
  }
}
