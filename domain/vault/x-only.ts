import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, isHex } from '../encoding/hex.ts';

/** 32 bytes of lower-case hex that are the x coordinate of a point (BIP340 `lift_x` succeeds). */
export function isXOnlyKey(text: string): boolean {
  if (!isHex(text, 32)) return false;
  try {
    schnorr.utils.lift_x(BigInt(`0x${text}`));
    return true;
  } catch {
    return false;
  }
}

/** Terms are judged again for every payout of their vault; this many valid signatures are not computed twice. */
const VALID_KEPT = 1_024;
const valid = new Set<string>();

/**
 * BIP340 over a 32-byte digest, all three in hex; anything malformed is simply not a signature. The answer depends on nothing but
 * the three, so a yes of this process is remembered under all of them; a no is computed each time.
 */
export function verifiesBip340(signature: string, digest: string, key: string): boolean {
  if (!isHex(signature, 64) || !isHex(digest, 32) || !isHex(key, 32)) return false;
  const name = signature + digest + key;
  if (valid.has(name)) return true;
  if (!verifies(signature, digest, key)) return false;
  const [oldest] = valid;
  if (valid.size >= VALID_KEPT && oldest !== undefined) valid.delete(oldest);
  valid.add(name);
  return true;
}

/** The library lifts the key itself, and its no to one that is off the curve is ours. */
function verifies(signature: string, digest: string, key: string): boolean {
  try {
    return schnorr.verify(fromHex(signature, 'signature'), fromHex(digest, 'digest'), fromHex(key, 'key'));
  } catch {
    return false;
  }
}
