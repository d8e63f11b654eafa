import { accept, type Refusal, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { GenerateKeyResult } from '../generate-key/messages.ts';
import type { PayOutResult } from '../pay-out/messages.ts';
import type { SweepVaultsResult } from '../sweep-vaults/messages.ts';
import type { Results } from './run.ts';

/** Certificate of the key that a process has made, for whoever must judge votes that name the key by this step. */
export function keyMadeBy(workflow: string, result: unknown): BlobRef | undefined {
  if (workflow !== 'generateKey') return undefined;
  const made = result as GenerateKeyResult;
  return made.outcome === 'active' ? made.key.certificate : undefined;
}

/** What a playbook reads of the result of each process that a step can run; a process that said no is a refusal. */
export function resultsOf(workflow: string, result: unknown): Verdict<Results> {
  if (workflow === 'generateKey') {
    const made = result as GenerateKeyResult;
    return made.outcome === 'active'
      ? accept({ epoch: made.key.epoch, certificate: made.key.certificate.digest })
      : { ok: false, refusal: made.refusal };
  }
  if (workflow === 'payOut') {
    const paid = result as PayOutResult;
    return paid.outcome === 'refused'
      ? { ok: false, refusal: paid.refusal }
      : accept({ txid: paid.txid, confirmations: paid.confirmations });
  }
  if (workflow === 'sweepVaults') {
    const swept = result as SweepVaultsResult;
    if (swept.outcome === 'swept') return accept({ vaults: swept.vaults, swept: swept.swept });
    return swept.outcome === 'refused' ? { ok: false, refusal: swept.refusal } : refuse(...leftIn(swept));
  }
  return refuse('input.playbook-capability', `no process is called ${workflow}`);
}

/** A step that goes on while coins are left would let its playbook say that the old key is empty. */
function leftIn({
  vaults,
  swept,
  left,
}: Extract<SweepVaultsResult, { outcome: 'incomplete' }>): [Refusal['code'], string] {
  const named = left.slice(0, 3).map(({ vault, code }) => `${vault.slice(0, 12)} (${code})`);
  return ['conflict.vaults-left', `${swept} of ${vaults} vaults were swept; left: ${named.join(', ')}`];
}
