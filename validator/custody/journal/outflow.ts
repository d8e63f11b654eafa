import { type Outflow, roomAtMs, sumOf, windowStartMs } from '../../../domain/vault/outflow.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal, LockConflict, Spend } from './journal.ts';
import type { Row, Table } from './rows.ts';

/** Coins that payouts were signed for. Rows stay: coins that came back after a window would count a second time. */
export function outflowJournal(database: JournalDatabase): Journal['outflow'] {
  return { since: (atMs) => database.read(() => since(database.table('outflow'), atMs)) };
}

/** Inside of the transaction of the release: what its coins are above the cap, counting each of them once. */
export function outflowConflict(table: Table, { outflow }: Spend, nowMs: number): LockConflict | undefined {
  if (outflow === undefined) return undefined;
  const { cap } = outflow;
  const moreSats = sumOf(outflow.coins.filter(({ outpoint }) => !isCounted(table, outpoint)));
  // What was signed before may be signed again, also under a cap that was lowered since.
  if (moreSats === 0) return undefined;
  const signed = since(table, windowStartMs(nowMs, cap));
  const atMs = roomAtMs(signed, moreSats, cap);
  return atMs === 0 ? undefined : { kind: 'outflow', moreSats, signedSats: sumOf(signed), cap, roomAtMs: atMs };
}

export function countOutflow(table: Table, { outflow }: Spend, atMs: number): void {
  for (const { outpoint, sats } of outflow?.coins ?? [])
    if (!isCounted(table, outpoint)) table.insert({ outpoint, sats, at: atMs });
}

const isCounted = (table: Table, outpoint: string): boolean =>
  table.first('WHERE outpoint = ?', outpoint) !== undefined;

const since = (table: Table, atMs: number): readonly Outflow[] => table.select('WHERE at > ?', atMs).map(asOutflow);

const asOutflow = (row: Row): Outflow => ({
  outpoint: row['outpoint'] as string,
  sats: row['sats'] as number,
  atMs: row['at'] as number,
});
