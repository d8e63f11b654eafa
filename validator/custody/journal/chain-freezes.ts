import type { SignedOrder } from '../../../domain/committee/order.ts';
import type { JournalDatabase } from './database.ts';
import { documentIn } from './documents.ts';
import type { ChainFreezeRow, Journal } from './journal.ts';
import type { Row } from './rows.ts';

/** The present one decides alone; those before it are kept for people. */
const FREEZES_KEPT = 100;
export const CHAIN_FREEZE_REASON_CHARACTERS_MAX = 500;

export function chainFreezeJournal(database: JournalDatabase): Journal['chainFreezes'] {
  const table = database.table('chain_freezes');
  return {
    current: () => database.read(() => currentChainFreeze(database)),
    begin: ({ tip, reason, afterOrder }, atMs) =>
      database.bind(() => {
        const before = currentChainFreeze(database);
        const latest = Number(table.first('ORDER BY number DESC LIMIT 1')?.['number'] ?? 0);
        const number = before?.number ?? latest + 1;
        table.replace({
          number,
          after_order: Math.max(afterOrder, before?.afterOrder ?? 0),
          tip_hash: tip.hash,
          tip_height: tip.height,
          reason: oneLine(reason.slice(0, CHAIN_FREEZE_REASON_CHARACTERS_MAX)),
          lifted_by: 0,
          at: before?.atMs ?? atMs,
        });
        table.remove('WHERE number <= ?', number - FREEZES_KEPT);
      }),
    end: (number, liftedBy) =>
      database.bind(() => {
        const row = table.first('WHERE number = ?', number);
        if (row !== undefined) table.replace({ ...row, lifted_by: liftedBy });
      }),
    hasEnded: ({ tip, afterOrder }) =>
      database.read(() => {
        const same = 'WHERE tip_hash = ? AND after_order >= ? AND lifted_by > ?';
        return table.first(same, tip.hash, afterOrder, afterOrder) !== undefined;
      }),
    liftAfter: (number) =>
      database.read(() => {
        const row = database
          .table('orders')
          .first(
            "WHERE number > ? AND json_extract(document, '$.order.block.hash') IS NOT NULL ORDER BY number DESC LIMIT 1",
            number,
          );
        return row === undefined ? undefined : documentIn<SignedOrder>(row).order;
      }),
    count: () => database.read(() => table.count()),
  };
}

/** The freeze that holds now: the latest, unless a lift has ended it. */
export function currentChainFreeze(database: JournalDatabase): ChainFreezeRow | undefined {
  const row = database.table('chain_freezes').first('ORDER BY number DESC LIMIT 1');
  return row === undefined || row['lifted_by'] !== 0 ? undefined : freezeIn(row);
}

/** What a node said goes into files and answers of ours. */
const oneLine = (text: string): string => text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');

const freezeIn = (row: Row): ChainFreezeRow => ({
  number: row['number'] as number,
  afterOrder: row['after_order'] as number,
  tip: { hash: row['tip_hash'] as string, height: row['tip_height'] as number },
  reason: row['reason'] as string,
  atMs: row['at'] as number,
});
