import { secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { KeygenCommitment } from '../suite.ts';
import { Fn, liftX, Point, parsePoint, parseScalar, scalarBytes } from './curve.ts';
import { SUITE } from './signing-transcript.ts';

const DST_KEYGEN = utf8ToBytes(`${SUITE}dkg`);

/**
 * Whether one participant's round 1 is acceptable: exactly `threshold` valid points (a longer vector would silently raise the
 * threshold) and a proof that it knows the constant term, bound to its id, without which it could cancel the others' keys.
 */
export function commitmentHolds(validator: ValidatorId, threshold: number, sent: KeygenCommitment): boolean {
  if (sent.commitments.length !== threshold || sent.proofOfKnowledge.length !== 64) return false;
  try {
    const points = sent.commitments.map((bytes) => parsePoint(bytes, 'a commitment'));
    const [constant] = points;
    if (constant === undefined) return false;
    const nonce = liftX(sent.proofOfKnowledge.subarray(0, 32), 'the nonce of a proof');
    const response = parseScalar(sent.proofOfKnowledge.subarray(32), 'the response of a proof');
    const challenge = secp256k1_hasher.hashToScalar(
      concatBytes(scalarBytes(BigInt(validator)), constant.toBytes(), nonce.toBytes()),
      { DST: DST_KEYGEN },
    );
    return Point.BASE.multiplyUnsafe(response).equals(nonce.add(constant.multiplyUnsafe(Fn.create(challenge))));
  } catch {
    return false;
  }
}
