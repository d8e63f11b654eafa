import { bytesToNumberBE } from '@noble/curves/utils.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { Fn, parseScalar, Point, scalarBytes } from '../verify/curve.ts';
import { dleqChallenge, dleqHash, type EqualLogs, verifyEqualLogs } from '../verify/dleq.ts';

/**
 * BIP374 GenerateProof: shows that `secret·other` was made with the secret of `secret·base`, and nothing else about it.
 * `aux` is 32 fresh random bytes. The statement comes back with the proof, e ‖ s of 32 bytes each.
 */
export function proveEqualLogs(
  secret: Uint8Array,
  other: Point,
  aux: Uint8Array,
  message: Uint8Array,
  base: Point = Point.BASE,
): { readonly statement: EqualLogs; readonly proof: Uint8Array } {
  const scalar = parseScalar(secret, 'the secret of a proof');
  if (scalar === 0n || other.is0() || aux.length !== 32)
    throw new FirebreakFailure('bug.equal-logs', 'a proof of equal logarithms was asked for without its parts');
  const statement: EqualLogs = { made: base.multiply(scalar), other, shared: other.multiply(scalar), message, base };
  const masked = dleqHash('aux', aux).map((byte, at) => byte ^ (secret[at] ?? 0));
  const seed = dleqHash('nonce', masked, statement.made.toBytes(), statement.shared.toBytes(), message);
  const nonce = Fn.create(bytesToNumberBE(seed));
  if (nonce === 0n) throw new FirebreakFailure('bug.equal-logs', 'the nonce of a proof is zero');
  const challenge = dleqChallenge(statement, base.multiply(nonce), other.multiply(nonce));
  const response = Fn.create(nonce + Fn.create(bytesToNumberBE(challenge)) * scalar);
  const proof = concatBytes(challenge, scalarBytes(response));
  masked.fill(0);
  seed.fill(0);
  if (!verifyEqualLogs(statement, proof))
    throw new FirebreakFailure('bug.equal-logs', 'a proof of equal logarithms does not hold');
  return { statement, proof };
}
