import { schnorr } from '@noble/curves/secp256k1.js';
import { toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Terms } from '../../domain/vault/terms.ts';
import { readSchnorrKey } from '../files.ts';

/** Throws `input.release-key` before anybody is asked to release coins with a key that validators would refuse. */
export function requireReleaseKey(file: string, terms: Terms): void {
  const secret = readSchnorrKey(file, 'release key');
  try {
    const own = toHex(schnorr.getPublicKey(secret));
    if (own === terms.releaseKey) return;
    throw new FirebreakFailure(
      'input.release-key',
      `${file} is the key ${own}; the terms of the vault name ${terms.releaseKey}`,
      { file },
    );
  } finally {
    secret.fill(0);
  }
}
