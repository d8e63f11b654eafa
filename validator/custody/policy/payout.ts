import { accept, type Verdict } from '../../../domain/errors/failure.ts';
import type { Terms } from '../../../domain/vault/terms.ts';
import { judgeReleaseRequest } from '../../../domain/vault/verify-release.ts';
import { parseSignedReleaseRequest } from '../../../wire/documents/index.ts';
import type { AgentParts } from '../parts.ts';
import { type Destination, judgeRelease, judgeReleasedFee } from './rules.ts';
import type { Warrant } from './warrant.ts';

/** A payout goes to the recorded script, because the release key asked for exactly these coins at this fee, or at this one among others. */
export function payoutWarrant({ genesis, clock }: AgentParts, releaseRequest: Uint8Array): Verdict<Warrant> {
  const release = parseSignedReleaseRequest(releaseRequest, 'release request of the signing request');
  const { environment, name: network } = genesis;
  const nowSeconds = Math.floor(clock() / 1_000);
  const { request } = release;
  return accept({
    vault: request.vault,
    isOutflow: true,
    destination(terms: Terms): Verdict<Destination> {
      const released = judgeReleaseRequest(release, terms, { environment, network, nowSeconds });
      if (!released.ok) return released;
      const message = 'the payout does not go to the script of the terms';
      return accept({ script: terms.payoutScript, otherwise: { code: 'policy.payout-script', message } });
    },
    coins: (inputs, deposits) => judgeRelease(request, inputs, deposits),
    fee: (feeSats) => judgeReleasedFee(request, feeSats),
  });
}
