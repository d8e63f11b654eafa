import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { Fn, type Point, Point as Curve } from './curve.ts';

type Tag = 'aux' | 'nonce' | 'challenge';

/** Hash of BIP374, which uses the tagged hash of BIP340 with its own names. */
export function dleqHash(tag: Tag, ...parts: Uint8Array[]): Uint8Array {
  const prefix = sha256(utf8ToBytes(`BIP0374/${tag}`));
  return sha256(concatBytes(prefix, prefix, ...parts));
}

/** `a·base = made` and `a·other = shared` for one secret scalar a. */
export type EqualLogs = {
  readonly made: Point;
  readonly other: Point;
  readonly shared: Point;
  /** What else the prover stands for; any length, usually a digest of 32 bytes. */
  readonly message: Uint8Array;
  readonly base?: Point;
};

export const dleqChallenge = (
  { made, other, shared, message, base = Curve.BASE }: EqualLogs,
  ...nonces: readonly [Point, Point]
): Uint8Array =>
  dleqHash('challenge', ...[made, other, shared, base, ...nonces].map((point) => point.toBytes()), message);

/** BIP374 VerifyProof; `proof` is e ‖ s, 32 bytes each. */
export function verifyEqualLogs(statement: EqualLogs, proof: Uint8Array): boolean {
  const { made, other, shared, base = Curve.BASE } = statement;
  if (proof.length !== 64 || [made, other, shared, base].some((point) => point.is0())) return false;
  const challenge = bytesToNumberBE(proof.subarray(0, 32));
  const response = bytesToNumberBE(proof.subarray(32));
  if (response >= Fn.ORDER) return false;
  const minus = Fn.neg(Fn.create(challenge));
  const nonceOf = (point: Point, result: Point): Point =>
    point.multiplyUnsafe(response).add(result.multiplyUnsafe(minus));
  const nonces = [nonceOf(base, made), nonceOf(other, shared)] as const;
  if (nonces.some((point) => point.is0())) return false;
  return bytesToNumberBE(dleqChallenge(statement, ...nonces)) === challenge;
}
