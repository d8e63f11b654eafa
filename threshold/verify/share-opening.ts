import type { DisputedShare } from '../../domain/ceremony/dispute.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { Fn, parsePoint, parseScalar, Point, sumOfProducts } from './curve.ts';
import { verifyEqualLogs } from './dleq.ts';
import { boxKey, contextOf, openBox } from './share-box.ts';

/**
 * Who is at fault when a recipient says that its share is bad, from signed public bytes alone.
 * `dealer`: the share does not open, or is not on the polynomial that the dealer committed to.
 * `complainer`: the share is good, or the opening does not belong to the two keys.
 * A key or commitment that is no point is the fault of whoever signed it.
 */
export function judgeDispute({
  box,
  encrypted,
  commitments,
  opening,
  message,
}: DisputedShare): 'dealer' | 'complainer' {
  const sending = pointOf(box.sendingKey);
  const points = commitments.map(pointOf);
  if (sending === undefined || points.some((point) => point === undefined)) return 'dealer';
  const receiving = pointOf(box.receivingKey);
  const shared = pointOf(opening.sharedPoint);
  if (receiving === undefined || shared === undefined) return 'complainer';
  const sound = verifyEqualLogs({ made: receiving, other: sending, shared, message }, opening.proof);
  if (!sound) return 'complainer';
  const context = contextOf(box);
  const share = openBox(encrypted, boxKey(opening.sharedPoint.subarray(1), context), context);
  if (share === undefined) return 'dealer';
  return shareHolds(share, box.to, commitments) ? 'complainer' : 'dealer';
}

/** share·G = Σ C_j · id^j: what the dealer promised to this participant. Recipients and judges of a dispute ask the same question. */
export function shareHolds(share: Uint8Array, participant: ValidatorId, commitments: readonly Uint8Array[]): boolean {
  try {
    const points = commitments.map((bytes) => parsePoint(bytes, 'a commitment'));
    const powers = points.map((_, exponent) => Fn.pow(BigInt(participant), BigInt(exponent)));
    return Point.BASE.multiply(parseScalar(share, 'a share')).equals(sumOfProducts(points, powers));
  } catch {
    return false;
  }
}

function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return parsePoint(bytes, 'a point');
  } catch {
    return undefined;
  }
}
