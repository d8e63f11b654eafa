import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type CeremonyId, type KeyOrigin, keysetOf, type PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { chaincodeOf } from '../../../domain/ceremony/digests.ts';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { toHex } from '../../../domain/encoding/hex.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';

const Fn = secp256k1.Point.Fn;

export type DealtKey = { readonly package: PublicKeyPackage; readonly shares: readonly Uint8Array[] };

/** Undefined for whoever takes no part. */
export const shareIn = (key: DealtKey | undefined, id: ValidatorId): Uint8Array | undefined =>
  key?.shares[key.package.participants.indexOf(id)];

/**
 * Stands in for the arithmetic of key generation, which has tests of its own: a key that follows from the ceremony's id, dealt
 * instead of generated. What the processes do around it, and signing, are real.
 */
export function dealKey(
  ceremony: CeremonyId,
  epoch: number,
  threshold: number,
  participants: readonly ValidatorId[],
  origin?: KeyOrigin,
): DealtKey {
  const coefficients = Array.from({ length: threshold }, (_unused, at) =>
    Fn.create(bytesToNumberBE(sha256(Buffer.from(`${ceremony}/${at}`)))),
  );
  const shareOf = (x: bigint): bigint => coefficients.reduceRight((sum, c) => Fn.add(Fn.mul(sum, x), c), 0n);
  const shares = participants.map((id) => shareOf(BigInt(id)));
  const point = (scalar: bigint): string => toHex(secp256k1.Point.BASE.multiply(scalar).toBytes());
  const transcript = sha256Hex(Buffer.from(ceremony));
  return {
    package: {
      suite: 'FROST-secp256k1-SHA256-TR-v1',
      keyset: keysetOf(ceremony),
      epoch,
      threshold,
      participants,
      groupKey: point(shareOf(0n)),
      verifyingShares: shares.map(point),
      transcript,
      chaincode: chaincodeOf(transcript),
      ...(origin === undefined ? {} : { origin }),
    },
    shares: shares.map((share) => numberToBytesBE(share, 32)),
  };
}
