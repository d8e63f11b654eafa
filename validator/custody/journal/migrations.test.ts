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
