import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { isAscending } from '../../domain/ceremony/participants.ts';
import { isHex } from '../../domain/encoding/hex.ts';
import { accept, FirebreakFailure, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { Fn, type Point, parsePoint } from './curve.ts';
import { chaincodeOf } from '../../domain/ceremony/digests.ts';
import { SUITE } from './signing-transcript.ts';

/** Bounds the work that a certificate from outside can cause; the largest network measured has 100 (threshold.md §3). */
export const PARTICIPANTS_MAX = 256;
/** Ids are small, so that no two of them are the same scalar and no check takes longer for them. */
export const isParticipantId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= PARTICIPANTS_MAX;

/** A point and the factor by which it is larger than the divided difference that it stands for. */
type Difference = { readonly point: Point; readonly scale: bigint };

/**
 * Degree of the polynomial through the points at 0 and the ids of the participants; n when they are on none of a lower degree.
 * Divided differences of order d vanish exactly when the degree is below d. They are kept as multiples by whole numbers, so that
 * nothing is divided: at consecutive ids all factors are 1 and the check needs point subtractions only.
 */
function degreeOf(at: readonly number[], values: readonly Point[]): number {
  let row: readonly Difference[] = values.map((point) => ({ point, scale: 1n }));
  for (let order = 0; row.length > 0; order += 1) {
    if (row.every(({ point }) => point.is0())) return order - 1;
    row = row.slice(1).map((right, index) => {
      const left = row[index] ?? right;
      const common = gcd(left.scale, right.scale);
      const distance = BigInt((at[index + order + 1] ?? 0) - (at[index] ?? 0));
      return {
        point: times(right.point, left.scale / common).subtract(times(left.point, right.scale / common)),
        scale: (left.scale / common) * right.scale * distance,
      };
    });
  }
  return values.length - 1;
}

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));

const times = (point: Point, factor: bigint): Point =>
  factor === 1n ? point : point.multiplyUnsafe(Fn.create(factor));

/**
 * Whether a package makes sense by itself: every point valid and no two shares equal, the chaincode follows from the
 * transcript, and group key and shares lie on one polynomial of degree exactly threshold - 1. With a higher degree signing
 * would fail, with a lower one fewer validators than promised could sign.
 */
export function checkPackage(key: PublicKeyPackage): Verdict<PublicKeyPackage, 'input.key-package'> {
  const wrong = (reason: string) => refuse('input.key-package', `key package ${key.keyset} ${reason}`);
  const suite: string = key.suite;
  if (suite !== SUITE) return wrong(`has suite ${suite}, this build knows ${SUITE}`);
  const { participants } = key;
  const n = participants.length;
  if (n < 2 || n > PARTICIPANTS_MAX) return wrong(`has ${n} participants`);
  if (!participants.every(isParticipantId) || !isAscending(participants))
    return wrong('names its participants otherwise than once each, in ascending order');
  if (!Number.isInteger(key.threshold) || key.threshold < 2 || key.threshold > n) {
    return wrong(`has threshold ${key.threshold} of ${n}`);
  }
  if (!Number.isSafeInteger(key.epoch) || key.epoch < 0) return wrong(`has epoch ${key.epoch}`);
  if (!isHex(key.keyset, 16) || !isHex(key.transcript, 32)) return wrong('has a malformed keyset or transcript digest');
  if (key.chaincode !== chaincodeOf(key.transcript)) return wrong('has a chaincode that is not that of its transcript');
  if (key.verifyingShares.length !== n) return wrong(`has ${key.verifyingShares.length} verifying shares`);
  const texts = [key.groupKey, ...key.verifyingShares];
  if (!texts.every((text) => isHex(text, 33)))
    return wrong('has a point that is not 33 bytes of lower-case hexadecimal');
  if (new Set(texts).size !== texts.length) return wrong('has the same point twice');
  let points: Point[];
  try {
    points = texts.map((text, index) =>
      parsePoint(text, index === 0 ? 'the group key' : `the verifying share of ${participants[index - 1]}`),
    );
  } catch (error) {
    if (error instanceof FirebreakFailure) return wrong(`is malformed: ${error.message}`);
    throw error;
  }
  const degree = degreeOf([0, ...participants], points);
  if (degree !== key.threshold - 1) {
    return wrong(`has shares on a polynomial of degree ${degree}, expected ${key.threshold - 1}`);
  }
  return accept(key);
}
