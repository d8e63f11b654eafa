import { FROZEN_UNTIL_LIFTED_SECONDS, NO_ORDER, outranks, type SignedOrder } from '../../../domain/committee/order.ts';
import { type ObeyedOrder, ROW_READ_MAX } from '../../../domain/committee/renewals.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { currentChainFreeze } from './chain-freezes.ts';
import type { JournalDatabase } from './database.ts';
import { documentIn, documentText } from './documents.ts';
import { keepReplaced } from './double-signed.ts';
import { latestUse } from './grants.ts';
import type { Journal, OrderRow, OrderStanding } from './journal.ts';
import type { Row } from './rows.ts';

/** The present one decides alone where payouts stand; those just before it say how often it was renewed, the others are kept for people. */
export const ORDERS_KEPT = 1_000;

export function orderJournal(database: JournalDatabase): Journal['orders'] {
  const table = database.table('orders');
  const evidence = database.table('double_signed');
  const current = (): OrderRow | undefined => optional(table.first('ORDER BY number DESC LIMIT 1'));
  const rowOf = (number: number): Row | undefined => table.first('WHERE number = ?', number);
  return {
    current: () => database.read(current),
    get: (number) => database.read(() => optional(rowOf(number))),
    append: (row, atMs) =>
      database.bind(() => {
        const { number } = row.state;
        // Of two orders with one number the one of the higher rank takes the place of the other, which stays as evidence.
        const stored = rowOf(number);
        const before = optional(stored);
        if (before !== undefined && before.digest !== row.digest)
          keepReplaced(
            evidence,
            { kind: 'order', number, digest: before.digest, document: before.signedOrder },
            Number(stored?.['at'] ?? atMs),
          );
        table.replace({
          number,
          digest: row.digest,
          frozen_until: row.state.frozenUntilSeconds,
          document: documentText(row.signedOrder),
          at: atMs,
        });
        // Only below the present one, which stays: a number that is gone stays below it, and is refused for that.
        table.remove(
          'WHERE number < (SELECT min(number) FROM (SELECT number FROM orders ORDER BY number DESC LIMIT ?))',
          ORDERS_KEPT,
        );
      }),
    latest: () =>
      database.read(() => {
        const obeyed = table.select('ORDER BY number DESC LIMIT ?', ROW_READ_MAX);
        const lost = evidence.select(`WHERE kind = 'order' ORDER BY number DESC, at DESC LIMIT ?`, ROW_READ_MAX);
        return [...obeyed, ...lost].map(obeyedIn).toSorted(laterFirst);
      }),
    standing: () =>
      database.read((): OrderStanding => {
        const order = current();
        const state = order?.state ?? NO_ORDER;
        const use = latestUse(database, state.number);
        const chain = currentChainFreeze(database);
        if (chain !== undefined)
          return {
            state: { number: state.number, frozenUntilSeconds: FROZEN_UNTIL_LIFTED_SECONDS },
            chain,
            ...(order === undefined ? {} : { order }),
          };
        return {
          state,
          ...(order === undefined ? {} : { order }),
          ...(use === undefined || use.frozenUntilSeconds <= state.frozenUntilSeconds
            ? {}
            : { state: { number: state.number, frozenUntilSeconds: use.frozenUntilSeconds }, use }),
        };
      }),
  };
}

function optional(row: Row | undefined): OrderRow | undefined {
  if (row === undefined) return undefined;
  return {
    state: { number: row['number'] as number, frozenUntilSeconds: row['frozen_until'] as number },
    digest: row['digest'] as Digest,
    signedOrder: documentIn<SignedOrder>(row),
  };
}

function laterFirst({ signed: one }: ObeyedOrder, { signed: other }: ObeyedOrder): number {
  if (one.order.number !== other.order.number) return other.order.number - one.order.number;
  return outranks(one.order, other.order) ? -1 : 1;
}

const obeyedIn = (row: Row): ObeyedOrder => ({
  signed: documentIn<SignedOrder>(row),
  obeyedAtSeconds: Math.floor(Number(row['at']) / 1_000),
});
