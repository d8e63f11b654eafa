import { schnorr } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Terms } from '../../domain/vault/terms.ts';

/** Secret of the owner in `testTerms`. */
export const OWNER_SECRET = sha256(utf8ToBytes('owner of test vaults'));

/** Terms of a regtest vault; `seed` becomes the salt. */
export function testTerms(seed: string, changes: Partial<Terms> = {}): Terms {
  const ownerKey = bytesToHex(schnorr.getPublicKey(OWNER_SECRET));
  return {
    version: 1,
    environment: 'development',
    network: 'testnet-of-tests',
    bitcoinNetwork: 'regtest',
    purpose: 'a vault of a test',
    payoutScript: `5120${ownerKey}`,
    deposit: { amountSats: 1_000_000, deadlineHeight: 500 },
    maximumFeeSats: 10_000,
    ownerKey,
    releaseKey: ownerKey,
    salt: bytesToHex(sha256(utf8ToBytes(seed)).slice(0, 16)),
    ...changes,
  };
}
