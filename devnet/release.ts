import { readFileSync } from 'node:fs';
import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import {
  type ReleaseRequest,
  releaseRequestDigest,
  type SignedReleaseRequest,
  type VaultId,
} from '../domain/vault/terms.ts';
import { type Layout, NETWORK_ENVIRONMENT, NETWORK_NAME } from './layout.ts';
import type { Deposit } from './story.ts';

export const DEPOSIT_SATS = 50_000_000;
export const FEE_SATS = 500;
export const CONFIRMATIONS = 3;
const VALID_SECONDS = 3_600;

/** What the holder of the release key of a devnet signs for a deposit. */
export function signedRelease(
  { layout }: { readonly layout: Layout },
  { opened, deposit }: { readonly opened: { readonly vault: VaultId }; readonly deposit: Pick<Deposit, 'outpoint'> },
  changed: Partial<ReleaseRequest> = {},
): SignedReleaseRequest {
  const request: ReleaseRequest = {
    version: 1,
    environment: NETWORK_ENVIRONMENT,
    network: NETWORK_NAME,
    vault: opened.vault,
    outpoints: [deposit.outpoint],
    amountSats: DEPOSIT_SATS,
    feeSats: FEE_SATS,
    expiresAtSeconds: Math.floor(Date.now() / 1000) + VALID_SECONDS,
    ...changed,
  };
  const secret = Uint8Array.from(Buffer.from(readFileSync(layout.owner.releaseKey, 'latin1').trim(), 'hex'));
  try {
    const signature = toHex(schnorr.sign(fromHex(releaseRequestDigest(request), 'release digest', 32), secret));
    return { request, signature };
  } finally {
    secret.fill(0);
  }
}
