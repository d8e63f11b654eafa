import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

export type Point = WeierstrassPoint<bigint>;
export const Point = schnorr.Point;
/** Scalars modulo the group order. */
export const Fn = Point.Fn;

export const hasOddY = (point: Point): boolean => point.toAffine().y % 2n === 1n;

/** 33 compressed bytes (or their hex) of a point other than the identity, else `input.point`. */
export function parsePoint(compressed: Uint8Array | string, what: string): Point {
  let point: Point | undefined;
  try {
    const bytes = typeof compressed === 'string' ? hexToBytes(compressed) : compressed;
    // The identity and the uncompressed form have other lengths, so only one encoding of a point is ever accepted.
    if (bytes.length === 33) point = Point.fromBytes(bytes);
  } catch {
    point = undefined;
  }
  if (point === undefined || point.is0())
    throw new FirebreakFailure('input.point', `${what} is not a compressed curve point`);
  return point;
}

/** BIP340 lift_x: 32 bytes to the point with even y, else `input.point`. */
export function liftX(xOnly: Uint8Array, what: string): Point {
  try {
    if (xOnly.length === 32) return schnorr.utils.lift_x(bytesToNumberBE(xOnly));
  } catch {
    // Reported below: an x that is not on the curve and a wrong length are the same mistake to the reader.
  }
  throw new FirebreakFailure('input.point', `${what} is not an x-only public key`);
}

/** 32 big-endian bytes below the group order, else `input.scalar`. */
export function parseScalar(bytes: Uint8Array, what: string): bigint {
  if (bytes.length === 32) {
    const value = bytesToNumberBE(bytes);
    if (Fn.isValid(value)) return value;
  }
  throw new FirebreakFailure('input.scalar', `${what} is not a scalar of 32 bytes below the group order`);
}

export const scalarBytes = (value: bigint): Uint8Array => numberToBytesBE(value, 32);

/** Variable-time sum of products: for public points and public scalars only. */
export const sumOfProducts = (points: Point[], scalars: bigint[]): Point => mulAddUnsafe(Point, points, scalars);

/** Lagrange coefficient of `id` for interpolation at 0 over the distinct nonzero `ids` (RFC 9591 §4.2). */
export function lagrangeAtZero(ids: readonly number[], id: number): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const other of ids) {
    if (other === id) continue;
    numerator = Fn.mul(numerator, BigInt(other));
    denominator = Fn.mul(denominator, Fn.create(BigInt(other - id)));
  }
  return Fn.div(numerator, denominator);
}
