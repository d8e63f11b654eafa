import type { Digest } from '../encoding/digest.ts';
import { isHex } from '../encoding/hex.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment } from '../network/network.ts';
import type { ReleaseRefusal } from './failures.ts';
import { FEE_RUNGS_MAX, feeLadder, highestFee } from './fee-ladder.ts';
import {
  outpointText,
  type ReleaseRequest,
  releaseRequestDigest,
  type SignedReleaseRequest,
  type Terms,
  vaultIdOf,
} from './terms.ts';
import { SUPPLY_SATS } from './verify-terms.ts';
import { verifiesBip340 } from './x-only.ts';

/** One request spends at most this many deposits: 100 key-path inputs stay below 6 kvB. */
export const RELEASE_OUTPOINTS_MAX: number = 100;

/**
 * Whether the holder of the release key asked for exactly this, here and still now. What the chain says about the outpoints
 * and the amount is the reader's own business: this function has no view of it.
 */
export function judgeReleaseRequest(
  signed: SignedReleaseRequest,
  terms: Terms,
  here: { readonly environment: Environment; readonly network: string; readonly nowSeconds: number },
): Verdict<Digest, ReleaseRefusal> {
  const { request } = signed;
  if (request.version !== 1) return refuse('input.release-version', 'release request: version must be 1');
  if (request.environment !== here.environment || request.network !== here.network) {
    return refuse(
      'policy.release-network',
      `release request is for ${request.environment}/${request.network}, this is ${here.environment}/${here.network}`,
    );
  }
  const vault = vaultIdOf(terms);
  if (request.vault !== vault) {
    return refuse(
      'policy.release-vault',
      `release request is for vault ${request.vault}, the terms are those of ${vault}`,
      { vault },
    );
  }
  if (!isOutpointList(request.outpoints)) {
    return refuse(
      'input.release-outpoints',
      `release request: outpoints must be 1 to ${RELEASE_OUTPOINTS_MAX} different outputs`,
      { vault },
    );
  }
  if (!Number.isSafeInteger(request.amountSats) || request.amountSats < 1 || request.amountSats > SUPPLY_SATS) {
    return refuse('input.release-amount', `release request: amountSats must be from 1 to ${SUPPLY_SATS}`, { vault });
  }
  if (!Number.isSafeInteger(request.feeSats) || request.feeSats < 0 || request.feeSats >= request.amountSats) {
    return refuse('input.release-fee', 'release request: feeSats must be a whole number below amountSats', { vault });
  }
  if (!isLadder(request)) {
    return refuse(
      'input.release-ladder',
      `release request: higherFeesSats must be 1 to ${FEE_RUNGS_MAX - 1} whole numbers, each above the fee before it and below amountSats`,
      { vault },
    );
  }
  const feeSats = highestFee(request);
  if (feeSats > terms.maximumFeeSats) {
    return refuse(
      'policy.release-fee',
      `release request pays a fee of ${feeSats} sat, the terms allow ${terms.maximumFeeSats}`,
      { vault, feeSats, maximumFeeSats: terms.maximumFeeSats },
    );
  }
  if (!Number.isSafeInteger(request.expiresAtSeconds) || request.expiresAtSeconds <= here.nowSeconds) {
    return refuse('policy.release-expired', `release request of vault ${vault} has expired`, {
      vault,
      expiresAtSeconds: request.expiresAtSeconds,
    });
  }
  const digest = releaseRequestDigest(request);
  if (!verifiesBip340(signed.signature, digest, terms.releaseKey)) {
    return refuse('policy.release-signature', `release request of vault ${vault} is not signed by its release key`, {
      vault,
    });
  }
  return accept(digest);
}

/** Absent and empty are not two ways to say the same: there is one form for each meaning. */
function isLadder(request: ReleaseRequest): boolean {
  const higher = request.higherFeesSats;
  if (higher === undefined) return true;
  if (!Array.isArray(higher) || higher.length === 0 || higher.length >= FEE_RUNGS_MAX) return false;
  const fees = feeLadder(request);
  return fees.every(
    (fee, at) => Number.isSafeInteger(fee) && fee < request.amountSats && (at === 0 || fee > (fees[at - 1] ?? fee)),
  );
}

function isOutpointList(outpoints: ReleaseRequest['outpoints']): boolean {
  if (outpoints.length === 0 || outpoints.length > RELEASE_OUTPOINTS_MAX) return false;
  const wellFormed = outpoints.every(
    ({ txid, vout }) => isHex(txid, 32) && Number.isInteger(vout) && vout >= 0 && vout <= 0xffff_ffff,
  );
  return wellFormed && new Set(outpoints.map(outpointText)).size === outpoints.length;
}
