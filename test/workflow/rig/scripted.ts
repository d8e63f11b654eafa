import type { CeremonyId, KeysetId } from '../../../domain/ceremony/ceremony.ts';
import type { FailureCode } from '../../../domain/errors/failure.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import type { BlobRef } from '../../../domain/ports/blob-store.ts';
import type { ReleaseRequest, SignedReleaseRequest, VaultId } from '../../../domain/vault/terms.ts';
import type { HeldVault } from '../../../activities/holdings.ts';
import type { Gathering } from '../../../activities/gathering.ts';
import type { PlannedPayout } from '../../../activities/payouts.ts';
import type { SigningSession } from '../../../activities/signing.ts';
import type { SweepListing } from '../../../activities/sweep.ts';
import type { KeyRef } from '../../../workflows/generate-key/messages.ts';

/** What scripted effects say: a network of five with a threshold of three, whose statements nobody opens. */
export const VALIDATORS: readonly ValidatorId[] = [1, 2, 3, 4, 5].map(validatorId);
export const THRESHOLD = 3;
export const NETWORK = 'scripted';
export const VAULT = '5a'.repeat(32) as VaultId;
const CEREMONY = 'ce'.repeat(32) as CeremonyId;
export const BLOB: BlobRef = { digest: 'b1'.repeat(32) as BlobRef['digest'], sizeBytes: 1 };
export const KEY: KeyRef = { keyset: '4e'.repeat(32) as KeysetId, epoch: 1, certificate: BLOB };

/** The first `count` answered, the others were silent, or said what `code` says. */
export const heard = (count: number, code: FailureCode = 'unavailable.silent'): Gathering => ({
  collected: BLOB,
  have: VALIDATORS.slice(0, count),
  missing: VALIDATORS.slice(count).map((validator) => ({ validator, code, message: 'has not answered yet' })),
  refused: [],
});
export const everyone: Gathering = heard(VALIDATORS.length);

export const SESSION: SigningSession = { ceremony: CEREMONY, request: BLOB, signers: VALIDATORS.slice(0, THRESHOLD) };
export const PLACE: PlannedPayout['place'] = {
  outpoints: [{ txid: 'de'.repeat(32), vout: 0 }],
  vaultScript: '51',
  payoutScript: '52',
  fromHeight: 5,
};
export const PLAN: PlannedPayout = {
  transaction: BLOB,
  txid: '7a'.repeat(32),
  feeSats: 500,
  payoutSats: 999_500,
  threshold: THRESHOLD,
  validators: VALIDATORS.length,
  place: PLACE,
};

let releases = 0;
/** Each one is another request, so that each begins a run of its own. */
export function releaseUntil(expiresAtMs: number): SignedReleaseRequest {
  releases += 1;
  const request = {
    version: 1,
    environment: 'development',
    network: NETWORK,
    vault: VAULT,
    outpoints: [{ txid: releases.toString(16).padStart(64, '0'), vout: 0 }],
    amountSats: 1_000_000,
    feeSats: 500,
    expiresAtSeconds: Math.floor(expiresAtMs / 1_000),
  } as ReleaseRequest;
  return { request, signature: '00'.repeat(64) };
}

/** Vaults that a list of a sweep holds, all under the one key. */
export const heldVaults = (count: number): readonly HeldVault[] =>
  Array.from({ length: count }, (_, at) => ({
    vault: at.toString(16).padStart(64, '0') as VaultId,
    keyset: KEY.keyset,
    watchFromHeight: 1,
  }));
export const sweepList = (count: number): SweepListing => ({
  kind: 'listed',
  list: { to: { ...KEY, keyset: '5e'.repeat(16) as KeysetId, epoch: 2 }, from: [KEY], vaults: BLOB, count },
});
