import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SignedOrder } from '../../../domain/committee/order.ts';
import { orderDigest } from '../../../domain/committee/order.ts';
import { signOrder, testNetwork } from '../testkit/network.ts';
import { JOURNAL_FILE } from './database.ts';
import { documentText } from './documents.ts';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from './migrations.ts';
import { openJournal } from './open.ts';
import { openTable } from './rows.ts';
import { openWatermark } from './watermark.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-migrations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The journal of the first schema, with one order in it. */
function firstSchema(signed: SignedOrder): void {
  const file = join(folder, JOURNAL_FILE);
  const watermark = openWatermark(join(folder, 'journal.mark'), true);
  const database = new DatabaseSync(file);
  database.exec(`${MIGRATIONS[0]}; PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=1`);
  openTable(database, file, 'orders').insert({
    number: signed.order.number,
    digest: orderDigest(signed.order),
    frozen_until: signed.order.expiresAtSeconds,
    document: documentText(signed),
    at: 1,
  });
  openTable(database, file, 'ledger').insert({ one: 1, writes: 2 });
  watermark.raise(2);
  watermark.close();
  database.close();
}

test('a journal of the first schema keeps its freeze, and has room for epochs, uses and evidence afterwards', () => {
  const signed = signOrder(testNetwork(2, 2), { number: 7 }, 2);
  firstSchema(signed);
  for (const time of ['the first time', 'again']) {
    const journal = openJournal(folder);
    expect([time, journal.schemaVersion]).toEqual([time, SCHEMA_VERSION]);
    expect(journal.orders.standing()).toEqual({
      state: { number: 7, frozenUntilSeconds: signed.order.expiresAtSeconds },
      order: expect.objectContaining({ digest: orderDigest(signed.order), signedOrder: signed }),
    });
    expect([journal.epochs.list(), journal.grants.count(), journal.doubleSigned.list()]).toEqual([[], 0, []]);
    journal.close();
  }
});

test('locks and heads of a journal that kept one of each are what they were, and more than one has room', () => {
  const file = join(folder, JOURNAL_FILE);
  const watermark = openWatermark(join(folder, 'journal.mark'), true);
  const database = new DatabaseSync(file);
  database.exec(`${MIGRATIONS.slice(0, 5).join('')}; PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=5`);
  const lock = { outpoint: `${'11'.repeat(32)}:0`, txid: 'aa'.repeat(32), fee_sats: 500, request_digest: 'd', at: 1 };
  openTable(database, file, 'outpoint_locks').insert(lock);
  openTable(database, file, 'audit_heads').insert({ incident: 'i', count: 3, root: 'r', at: 1 });
  openTable(database, file, 'ledger').insert({ one: 1, writes: 3 });
  watermark.raise(3);
  watermark.close();
  database.close();
  for (const locks of [1, 2]) {
    const journal = openJournal(folder);
    expect(journal.releases.locksOn(lock.outpoint)).toHaveLength(locks);
    expect(journal.releases.locksOn(lock.outpoint)[0]).toMatchObject({ txid: lock.txid, feeSats: 500 });
    expect(journal.auditHeads.of('i')).toEqual([{ count: 3, root: 'r' }]);
    const remembered = journal.remembered.all();
    const others = remembered.locks.map((mine) => ({ ...mine, txid: 'bb'.repeat(32) }));
    journal.remembered.take({ ...remembered, locks: others }, 2);
    journal.close();
  }
});
