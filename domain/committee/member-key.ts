import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { type Digest, sha256Hex } from '../encoding/digest.ts';
import { fromHex } from '../encoding/hex.ts';
import type { CommitteeKey, KeyAlgorithm } from '../network/network.ts';

/** Sizes in bytes: RFC 8032, BIP340, FIPS 204 table 2. */
export const KEY_SIZES: Readonly<Record<KeyAlgorithm, { readonly key: number; readonly signature: number }>> = {
  ed25519: { key: 32, signature: 64 },
  secp256k1: { key: 32, signature: 64 },
  'ml-dsa-65': { key: 1_952, signature: 3_309 },
};

type PublicKey = Pick<CommitteeKey, 'key' | 'algorithm'>;

export const algorithmOf = ({ algorithm }: PublicKey): KeyAlgorithm => algorithm ?? 'ed25519';

/**
 * What signatures and votes call a key, 32 bytes in hex: an Ed25519 key is its own name, of another key it is
 * SHA-256 of `algorithm:key` in UTF-8, so that the same bytes under another algorithm are another voter.
 */
export function voterId(key: PublicKey): string {
  const algorithm = algorithmOf(key);
  return algorithm === 'ed25519' ? key.key : sha256Hex(utf8ToBytes(`${algorithm}:${key.key}`));
}

/** Signatures that held a moment ago: a vote is judged before it is accepted, and once more when it is counted. */
const HELD_MAX = 64;
const held = new Set<string>();

/** Whether `signature` is this key's over the 32 bytes of `digest`; a malformed one is the same as an absent one. */
export function signedBy(key: PublicKey, digest: Digest, signature: string): boolean {
  // Key and digest are hexadecimal: no two of these are written alike.
  const name = `${algorithmOf(key)}:${key.key}:${digest}:${signature}`;
  if (held.has(name)) return true;
  const holds = verifies(key, digest, signature);
  if (holds) {
    const [oldest] = held;
    if (oldest !== undefined && held.size >= HELD_MAX) held.delete(oldest);
    held.add(name);
  }
  return holds;
}

function verifies(key: PublicKey, digest: Digest, signature: string): boolean {
  const algorithm = algorithmOf(key);
  try {
    const message = fromHex(digest, 'digest', 32);
    const publicBytes = fromHex(key.key, 'member key', KEY_SIZES[algorithm].key);
    const bytes = fromHex(signature, 'signature', KEY_SIZES[algorithm].signature);
    switch (algorithm) {
      case 'ed25519':
        // Strict RFC 8032: the rules of ZIP 215 accept encodings that other verifiers refuse.
        return ed25519.verify(bytes, message, publicBytes, { zip215: false });
      case 'secp256k1':
        return schnorr.verify(bytes, message, publicBytes);
      case 'ml-dsa-65':
        return ml_dsa65.verify(bytes, message, publicBytes);
    }
  } catch {
    return false;
  }
}

/** Whether somebody can hold the secret of this key: a point of its curve, and not one of the few whose signatures anybody can make. */
export function isUsableKey(key: PublicKey): boolean {
  const algorithm = algorithmOf(key);
  try {
    const bytes = fromHex(key.key, 'member key', KEY_SIZES[algorithm].key);
    if (algorithm === 'ed25519') return !ed25519.Point.fromBytes(bytes).isSmallOrder();
    if (algorithm === 'secp256k1') return schnorr.utils.lift_x(bytesToNumberBE(bytes)) !== undefined;
    return true;
  } catch {
    return false;
  }
}
