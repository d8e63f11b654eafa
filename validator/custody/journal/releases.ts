import type { Digest } from '../../../domain/encoding/digest.ts';
import type { JournalDatabase } from './database.ts';
import { decide } from './decisions.ts';
import type { Journal, LockConflict, Locking, OutpointLock, Release, Spend } from './journal.ts';
import { countOutflow, outflowConflict } from './outflow.ts';
import { dropProposal, keepProposal } from './proposals.ts';
import type { Row, Table } from './rows.ts';

/** What a validator signed, and so will never contradict: locks by outpoint, nonces by commitment, answers by request, sums by time. */
export function releaseJournal(database: JournalDatabase): Journal['releases'] {
  const locks = database.table('outpoint_locks');
  const nonces = database.table('burnt_nonces');
  const answers = database.table('signed_requests');
  const outflow = database.table('outflow');
  const proposals = database.table('lock_proposals');
  const conflict = (wanted: Pick<Release, 'spend' | 'commitments' | 'atMs'>): LockConflict | undefined => {
    const { spend } = wanted;
    for (const outpoint of spend?.outpoints ?? []) {
      const holds = locksOn(locks, outpoint).find((lock) => spend !== undefined && !givesWay(locks, lock, spend));
      if (holds !== undefined) return { kind: 'outpoint-locked', outpoint, txid: holds.txid };
    }
    const burnt = wanted.commitments.find(
      (commitment) => nonces.first('WHERE commitment = ?', commitment) !== undefined,
    );
    if (burnt !== undefined) return { kind: 'nonce-burnt', commitment: burnt };
    return spend === undefined ? undefined : outflowConflict(outflow, spend, wanted.atMs);
  };
  return {
    stored: (digest) =>
      database.read(() => answers.first('WHERE digest = ?', digest)?.['response'] as Uint8Array | undefined),
    locksOn: (outpoint) => database.read(() => locksOn(locks, outpoint)),
    locksOf: (txid) => database.read(() => locksOf(locks, txid)),
    burnt: (commitment) =>
      database.read(() => {
        const row = nonces.first('WHERE commitment = ?', commitment);
        if (row === undefined) return undefined;
        return { ceremony: row['ceremony'] as string, requestDigest: row['request_digest'] as Digest };
      }),
    conflict: (wanted) => database.read(() => conflict(wanted)),
    lock: (locking) => {
      const { spend, atMs, proposalDigest } = locking;
      const against = database.read(() => conflict({ spend, commitments: [], atMs }));
      if (against !== undefined || database.read(() => isLocked(locks, proposals, locking))) return against;
      database.bind(() => {
        writeLocks(locks, proposals, spend, { request_digest: proposalDigest, at: atMs });
        countOutflow(outflow, spend, atMs);
        keepProposal(proposals, { ...locking, txid: spend.txid, outpoints: spend.outpoints });
      });
      return undefined;
    },
    commit: (release) => {
      const against = database.read(() => conflict(release));
      if (against !== undefined) return against;
      database.bind(() => {
        write(release, locks, proposals, nonces, answers);
        if (release.spend !== undefined)
          database.table('signed_for').replace({ digest: release.requestDigest, txid: release.spend.txid });
        if (release.spend !== undefined) countOutflow(outflow, release.spend, release.atMs);
        decide(database, release.requestDigest);
      });
      return undefined;
    },
    count: () => database.read(() => answers.count()),
    lastAtMs: () => database.read(() => answers.first('ORDER BY at DESC LIMIT 1')?.['at'] as number | undefined),
  };
}

function write(release: Release, locks: Table, proposals: Table, nonces: Table, answers: Table): void {
  const about: Row = { ceremony: release.ceremony, request_digest: release.requestDigest, at: release.atMs };
  if (release.spend !== undefined) writeLocks(locks, proposals, release.spend, about);
  for (const commitment of release.commitments) nonces.insert({ commitment, ...about });
  answers.insert({
    digest: release.requestDigest,
    ceremony: release.ceremony,
    response: release.response,
    at: release.atMs,
  });
}

/** The first request that locked an outpoint stays on record; a later one of the same transaction adds nothing. */
function writeLocks(locks: Table, proposals: Table, { txid, outpoints, feeSats }: Spend, about: Row): void {
  for (const outpoint of outpoints) {
    const before = locksOn(locks, outpoint);
    if (before.some((lock) => lock.txid === txid)) continue;
    locks.remove('WHERE outpoint = ?', outpoint);
    locks.insert({ outpoint, txid, fee_sats: feeSats, ...about });
    for (const gave of before) if (locksOf(locks, gave.txid).length === 0) dropProposal(proposals, gave.txid);
  }
}

/** Another session of a payout finds everything written. */
const isLocked = (locks: Table, proposals: Table, { spend: { txid, outpoints } }: Locking): boolean =>
  outpoints.every((outpoint) => locksOn(locks, outpoint).some((lock) => lock.txid === txid)) &&
  proposals.first('WHERE txid = ? AND length(proposal) > 0', txid) !== undefined;

/**
 * A lock holds against every other transaction but two: one whose outpoints include all that the holder spends and that is ahead of it;
 * and any when the holder can never confirm. Ahead is a higher fee, then more outpoints, then the smaller txid: of two transactions of
 * the same coins one is ahead, and it is the same one for every validator. So coins whose locks were split between several can be moved
 * by one over all of them, also when no higher fee is allowed. All of them share an output with the holder, so that at most one is ever
 * in the chain, and a lock never goes back.
 */
function givesWay(locks: Table, lock: OutpointLock, wanted: Spend): boolean {
  if (lock.txid === wanted.txid || wanted.hopeless.includes(lock.txid)) return true;
  const held = locksOf(locks, lock.txid).map(({ outpoint }) => outpoint);
  return held.every((outpoint) => wanted.outpoints.includes(outpoint)) && isAhead(wanted, lock, held.length);
}

export function isAhead(
  wanted: Pick<Spend, 'txid' | 'feeSats' | 'outpoints'>,
  lock: Pick<OutpointLock, 'txid' | 'feeSats'>,
  heldOutpoints: number,
): boolean {
  if (wanted.feeSats !== lock.feeSats) return wanted.feeSats > lock.feeSats;
  if (wanted.outpoints.length !== heldOutpoints) return wanted.outpoints.length > heldOutpoints;
  return wanted.txid < lock.txid;
}

const locksOn = (locks: Table, outpoint: string): readonly OutpointLock[] =>
  locks.select('WHERE outpoint = ? ORDER BY txid', outpoint).map(asLock);

const locksOf = (locks: Table, txid: string): readonly OutpointLock[] =>
  locks.select('WHERE txid = ?', txid).map(asLock);

const asLock = (row: Row): OutpointLock => ({
  outpoint: row['outpoint'] as string,
  txid: row['txid'] as string,
  feeSats: row['fee_sats'] as number,
  requestDigest: row['request_digest'] as Digest,
});
