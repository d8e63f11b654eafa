import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Digest, sha256Hex } from '../../../domain/encoding/digest.ts';
import type { JournalDatabase } from './database.ts';
import type { Decisions, Journal } from './journal.ts';
import type { Table } from './rows.ts';

/** Of a journal that has decided nothing yet. */
const NOTHING: Decisions = { count: 0, head: '0'.repeat(64) as Digest };

/**
 * What this validator has sealed and signed, in its order, as one hash. Gossip brings orders to every process of an identity, but a
 * decision is made by one of them alone: processes whose heads differ have memories that differ.
 */
export function decisionJournal(database: JournalDatabase): Journal['decisions'] {
  return { now: () => database.read(() => read(database.table('decided'))) };
}

/** Part of the transaction that makes the decision; `name` is a keyset or the digest of a signing request. */
export function decide(database: JournalDatabase, name: string): void {
  const table = database.table('decided');
  const { count, head } = read(table);
  table.replace({ one: 1, decisions: count + 1, head: sha256Hex(utf8ToBytes(`decision\n${head}\n${name}`)) });
}

function read(table: Table): Decisions {
  const row = table.first('WHERE one = 1');
  return row === undefined ? NOTHING : { count: row['decisions'] as number, head: row['head'] as Digest };
}
