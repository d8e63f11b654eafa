import type { JournalDatabase } from './database.ts';
import type { Journal, LockProposal } from './journal.ts';
import type { Row, Table } from './rows.ts';

/** Of transactions whose locks gave way only the id is remembered. */
const NOTHING = new Uint8Array(0);

/** On whose word outputs were locked here. */
export function proposalJournal(database: JournalDatabase): Journal['proposals'] {
  const table = database.table('lock_proposals');
  return {
    page: (after, limit) =>
      database.read(() => table.select('WHERE txid > ? ORDER BY txid LIMIT ?', after, limit).map(proposalIn)),
    get: (txid) => database.read(() => table.select('WHERE txid = ?', txid).map(proposalIn)[0]),
    forget: (txids, beforeMs) => {
      const old = database.read(() => txids.filter((txid) => isOld(database, txid, beforeMs)));
      if (old.length === 0) return;
      database.bind(() => {
        for (const txid of old) forget(database, txid);
      });
    },
  };
}

/** Part of the transaction that writes the locks. */
export function keepProposal(table: Table, { txid, outpoints, proposal, atMs }: LockProposal): void {
  const known = table.first('WHERE txid = ?', txid);
  if (known === undefined || (known['proposal'] as Uint8Array).length === 0)
    table.replace({ txid, outpoints: outpoints.join(' '), proposal, at: atMs });
}

/** Its last lock gave way: who asks is told of the one that took its place. */
export function dropProposal(table: Table, txid: string): void {
  const known = table.first('WHERE txid = ?', txid);
  if (known !== undefined) table.replace({ ...known, proposal: NOTHING });
}

/** Whether it was locked before that time, and what it takes of an outflow cap is older too. */
function isOld(database: JournalDatabase, txid: string, beforeMs: number): boolean {
  const known = database.table('lock_proposals').first('WHERE txid = ?', txid);
  if (known === undefined || (known['at'] as number) >= beforeMs) return false;
  const outflow = database.table('outflow');
  return proposalIn(known).outpoints.every(
    (outpoint) => outflow.first('WHERE outpoint = ? AND at >= ?', outpoint, beforeMs) === undefined,
  );
}

/**
 * Everything about a transaction whose outputs are spent so deep that no other one of them can confirm: whoever is asked for it again
 * finds its deposits spent, before any lock or nonce is looked at.
 */
function forget(database: JournalDatabase, txid: string): void {
  for (const { digest = '' } of database.table('signed_for').select('WHERE txid = ?', txid)) {
    database.table('signed_requests').remove('WHERE digest = ?', digest);
    database.table('burnt_nonces').remove('WHERE request_digest = ?', digest);
  }
  const [known] = database.table('lock_proposals').select('WHERE txid = ?', txid);
  // What is counted beside no lock makes an export unreadable.
  for (const outpoint of known === undefined ? [] : proposalIn(known).outpoints)
    database.table('outflow').remove('WHERE outpoint = ?', outpoint);
  for (const table of ['signed_for', 'outpoint_locks', 'lock_proposals'] as const)
    database.table(table).remove('WHERE txid = ?', txid);
}

export const proposalIn = (row: Row): LockProposal => ({
  txid: row['txid'] as string,
  outpoints: (row['outpoints'] as string).split(' '),
  proposal: row['proposal'] as Uint8Array,
  atMs: row['at'] as number,
});
