import { readFileSync } from 'node:fs';
import { schnorr } from '@noble/curves/secp256k1.js';

/** The x-only public key of a key file of the devnet's owner; the secret is wiped. */
export function publicKeyIn(file: string): Uint8Array {
  const secret = Uint8Array.from(Buffer.from(readFileSync(file, 'latin1').trim(), 'hex'));
  try {
    return schnorr.getPublicKey(secret);
  } finally {
    secret.fill(0);
  }
}
