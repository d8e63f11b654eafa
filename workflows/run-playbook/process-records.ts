import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { GenerateKeyResult } from '../generate-key/messages.ts';
import type { PayOutResult } from '../pay-out/messages.ts';
import type { SweepVaultsResult } from '../sweep-vaults/messages.ts';
import { record } from './recording.ts';
import type { Results, Run } from './run.ts';

/** What a process that a step ran left for the records: the key that it made, the transaction that it sent, and the transcript of each. */
export function recordProcess(run: Run, step: string, workflow: string, given: Results, result: unknown): void {
  if (workflow === 'generateKey') {
    const made = result as GenerateKeyResult;
    if (made.outcome !== 'active') return;
    const { keyset, epoch, certificate } = made.key;
    record(
      run,
      'key.certified',
      { run: run.name, step, keyset, epoch },
      {
        by: 'validators',
        documents: [
          { what: 'key-certificate', ...plain(certificate) },
          { what: 'ceremony', ...plain(made.evidence) },
        ],
      },
    );
  }
  if (workflow === 'sweepVaults') recordSweep(run, given, result as SweepVaultsResult);
  if (workflow === 'payOut') {
    const paid = result as PayOutResult;
    if (paid.outcome === 'refused') return;
    record(
      run,
      'transaction.sent',
      { purpose: 'payout', txid: paid.txid },
      {
        by: 'validators',
        ...(paid.outcome === 'settled' ? { documents: [{ what: 'ceremony', ...plain(paid.evidence) }] } : {}),
      },
    );
  }
}

/** Sweeps that are settled; each vault has a process of its own, which keeps the transcript of its transaction. */
function recordSweep(run: Run, given: Results, result: SweepVaultsResult): void {
  const { swept } = result;
  const vaults = result.outcome === 'refused' ? 0 : result.vaults;
  const [fromEpoch, toEpoch] = [Number(given['fromEpoch']), Number(given['toEpoch'])];
  const documents =
    result.outcome === 'refused' ? [] : result.transcripts.map((ref) => ({ what: 'ceremony', ...plain(ref) }) as const);
  record(run, 'vaults.swept', { fromEpoch, toEpoch, vaults, swept }, { by: 'validators', documents });
}

const plain = ({ digest, sizeBytes }: BlobRef): BlobRef => ({ digest, sizeBytes });
