import { refuse } from '../../domain/errors/failure.ts';
import type { LockConflict } from './journal/journal.ts';
import { outflowRefusal } from './policy/outflow.ts';

/** Why the journal stands against a signature, in words. */
export function conflictRefusal(conflict: LockConflict): ReturnType<typeof refuse> {
  if (conflict.kind === 'nonce-burnt') {
    return refuse('conflict.nonce-burnt', 'a commitment of this request was used in another one', {
      commitment: conflict.commitment,
    });
  }
  if (conflict.kind === 'outflow') return { ok: false, refusal: outflowRefusal(conflict) };
  const { outpoint, txid } = conflict;
  return refuse('conflict.outpoint-locked', `output ${outpoint} is signed away in transaction ${txid}`, {
    outpoint,
    txid,
  });
}
