import type { ValidatorId } from '../../../domain/network/network.ts';
import type { JournalDatabase } from './database.ts';
import type { Claim, Journal, LockProposal } from './journal.ts';
import type { Row, Table } from './rows.ts';

/** Of one other validator. An honest one holds fewer: outputs that are spent deep in the chain are in no answer. */
export const CLAIMS_OF_VALIDATOR_MAX = 20_000;

/** On whose word outputs were locked here, and what other validators say that they have locked. */
export function proposalJournal(database: JournalDatabase): Journal['proposals'] {
  const table = database.table('lock_proposals');
  return {
    page: (after, limit) =>
      database.read(() => table.select('WHERE txid > ? ORDER BY txid LIMIT ?', after, limit).map(proposalIn)),
    get: (txid) => database.read(() => table.select('WHERE txid = ?', txid).map(proposalIn)[0]),
    forget: (txids) => {
      if (txids.length === 0) return;
      database.bind(() => {
        for (const txid of txids) forget(database, txid);
      });
    },
  };
}

export function claimJournal(database: JournalDatabase): Journal['claims'] {
  const table = database.table('claimed_locks');
  return {
    on: (outpoint) =>
      database.read(() => table.select('WHERE outpoint = ? ORDER BY txid', outpoint).map((row) => claimIn(table, row))),
    take: (claims, atMs) => database.bind(() => claims.every((claim) => takeClaim(table, claim, atMs))),
    count: () => database.read(() => table.count()),
  };
}

/** False, and nothing is kept, when this validator has claimed as much as anybody may. */
function takeClaim(table: Table, { txid, outpoints, validator, proposal }: Claim, atMs: number): boolean {
  if (table.first('WHERE txid = ?', txid) !== undefined) return true;
  if (table.count('WHERE validator = ?', validator) + outpoints.length > CLAIMS_OF_VALIDATOR_MAX) return false;
  for (const outpoint of outpoints) table.insert({ txid, outpoint, validator, proposal, at: atMs });
  return true;
}

/** Part of the transaction that writes the locks. */
export function keepProposal(table: Table, { txid, outpoints, proposal, atMs }: LockProposal): void {
  const known = table.first('WHERE txid = ?', txid);
  if (known === undefined || (known['proposal'] as Uint8Array).length === 0)
    table.replace({ txid, outpoints: outpoints.join(' '), proposal, at: atMs });
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
  database.table('signed_for').remove('WHERE txid = ?', txid);
  database.table('outpoint_locks').remove('WHERE txid = ?', txid);
  database.table('claimed_locks').remove('WHERE txid = ?', txid);
  database.table('lock_proposals').remove('WHERE txid = ?', txid);
}

export const proposalIn = (row: Row): LockProposal => ({
  txid: row['txid'] as string,
  outpoints: (row['outpoints'] as string).split(' '),
  proposal: row['proposal'] as Uint8Array,
  atMs: row['at'] as number,
});

const claimIn = (table: Table, row: Row): Claim => ({
  txid: row['txid'] as string,
  outpoints: table.select('WHERE txid = ?', row['txid'] as string).map(({ outpoint }) => outpoint as string),
  validator: row['validator'] as ValidatorId,
  proposal: row['proposal'] as Uint8Array,
});
