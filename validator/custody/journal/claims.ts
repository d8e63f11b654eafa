import type { ValidatorId } from '../../../domain/network/network.ts';
import type { JournalDatabase } from './database.ts';
import type { Claim, Journal } from './journal.ts';

/** Of one other validator. An honest one holds less: what is spent deep in the chain is in no answer. */
export const CLAIMS_MAX = 20_000;
export const CLAIMED_BYTES_MAX: number = 134_217_728;
/** An honest validator has one lock on an output, and tells of one transaction. */
const CLAIMS_OF_OUTPUT_MAX = 2;

/** What other validators say that they have locked, each for itself: the word of one takes no place from that of another. */
export function claimJournal(database: JournalDatabase): Journal['claims'] {
  const claims = database.table('claims');
  const outputs = database.table('claimed_outputs');

  /** False, and nothing of it is kept, when this validator has claimed as much as anybody may. */
  function take({ validator, txid, outpoints, proposal }: Claim, atMs: number): boolean {
    if (claims.first('WHERE validator = ? AND txid = ?', validator, txid) !== undefined) return true;
    const bytes = claims.sum('bytes', 'WHERE validator = ?', validator) + proposal.length;
    if (bytes > CLAIMED_BYTES_MAX || claims.count('WHERE validator = ?', validator) >= CLAIMS_MAX) return false;
    claims.insert({ validator, txid, proposal, bytes: proposal.length, at: atMs });
    for (const outpoint of outpoints)
      if (outputs.count('WHERE outpoint = ? AND validator = ?', outpoint, validator) < CLAIMS_OF_OUTPUT_MAX)
        outputs.insert({ outpoint, validator, txid });
    return true;
  }

  return {
    on: (outpoint) =>
      database.read(() =>
        outputs.select('WHERE outpoint = ? ORDER BY validator, txid', outpoint).flatMap((row) => {
          const [validator, txid] = [row['validator'] as ValidatorId, row['txid'] as string];
          const claim = claims.first('WHERE validator = ? AND txid = ?', validator, txid);
          return claim === undefined ? [] : [{ validator, txid, proposal: claim['proposal'] as Uint8Array }];
        }),
      ),
    take: (validator, made, isFirst, atMs) =>
      database.bind(() => {
        // What it told an earlier process is told again, or it does not hold it any more.
        if (isFirst) for (const table of [claims, outputs]) table.remove('WHERE validator = ?', validator);
        return made.every((claim) => take({ ...claim, validator }, atMs));
      }),
    count: () => database.read(() => claims.count()),
  };
}
