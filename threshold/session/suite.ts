import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE, equalBytes } from '@noble/curves/utils.js';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { SignerCommitment, SigningSuite } from '../suite.ts';
import { Fn, Point, parsePoint, parseScalar, scalarBytes } from '../verify/curve.ts';
import { checkedSigners, SUITE } from '../verify/signing-transcript.ts';
import { vaultKey, verifyingShareOf } from '../verify/vault-key.ts';
import { startKeygen } from './keygen.ts';
import { identifierOf } from './participant.ts';

/** 32 bytes of a live key share; a zero one is a wiped buffer. */
function parseShare(share: Uint8Array): bigint {
  const value = share.length === 32 ? bytesToNumberBE(share) : 0n;
  if (!Fn.isValidNot0(value)) throw new FirebreakFailure('input.share', 'a key share is wiped or malformed');
  return value;
}

/**
 * Whether a share is that of `self` in this keyset; check it when a share is unsealed. Signing with the share of another
 * epoch gives away nothing, but it makes an honest validator look like a culprit.
 * @throws FirebreakFailure `input.share`, `input.signer-set`
 */
export function shareBelongs(key: PublicKeyPackage, self: ValidatorId, share: Uint8Array): boolean {
  const point = Point.BASE.multiply(parseShare(share));
  return equalBytes(point.toBytes(), verifyingShareOf(key, self).toBytes());
}

const isErased = (half: Uint8Array): boolean => half.every((byte) => byte === 0);

function requireLive(secret: Uint8Array): void {
  if (secret.length !== 64 || isErased(secret.subarray(0, 32)) || isErased(secret.subarray(32))) {
    throw new FirebreakFailure('conflict.nonce-used', 'a signing nonce was offered that is used up or never was one');
  }
}

/** The library refused without a code: find out which of its checks it was, while the nonce is still there. */
function explain(self: ValidatorId, list: readonly SignerCommitment[], secret: Uint8Array, cause: unknown): unknown {
  for (const { validator, nonces } of list) {
    parsePoint(nonces.hiding, `the hiding commitment of validator ${validator}`);
    parsePoint(nonces.binding, `the binding commitment of validator ${validator}`);
  }
  const own = list.find((entry) => entry.validator === self)?.nonces;
  const matches = (half: Uint8Array, commitment: Uint8Array) =>
    equalBytes(Point.BASE.multiply(parseScalar(half, 'a signing nonce')).toBytes(), commitment);
  if (own === undefined || !matches(secret.subarray(0, 32), own.hiding) || !matches(secret.subarray(32), own.binding)) {
    return new FirebreakFailure(
      'conflict.own-commitment',
      `the signer list does not have the commitments of validator ${self}`,
    );
  }
  return cause;
}

/**
 * FROST-secp256k1-SHA256-TR-v1 with secrets, on the curve library's `schnorr_FROST`. Scalar arithmetic runs on big integers:
 * it is blinded where the library blinds it, but JavaScript cannot promise constant time or erased copies.
 */
export function createSigningSuite(): SigningSuite {
  return {
    id: SUITE,
    startKeygen,

    commit(share, self) {
      parseShare(share);
      const { nonces, commitments } = schnorr_FROST.commit({ identifier: identifierOf(self), signingShare: share });
      const secret = new Uint8Array(64);
      secret.set(nonces.hiding);
      secret.set(nonces.binding, 32);
      nonces.hiding.fill(0);
      nonces.binding.fill(0);
      return { secret, nonces: { hiding: commitments.hiding, binding: commitments.binding } };
    },

    signShare(key, tweak, self, share, secret, signers, message) {
      let effective: Uint8Array | undefined;
      try {
        const list = checkedSigners(key, signers);
        requireLive(secret);
        const vault = vaultKey(key, tweak);
        // Already negated where needed: given an odd key the library would negate all verifying shares on each call.
        effective = scalarBytes(Fn.add(Fn.mul(vault.sign, parseShare(share)), vault.addend));
        try {
          // Refuses a list whose entry for us is missing or is not the commitment of this nonce.
          return schnorr_FROST.signShare(
            { identifier: identifierOf(self), signingShare: effective },
            {
              signers: { min: key.threshold, max: key.participants.length },
              commitments: [vault.evenOutput],
              verifyingShares: {},
            },
            { hiding: secret.subarray(0, 32), binding: secret.subarray(32) },
            list.map(({ validator, nonces }) => ({ identifier: identifierOf(validator), ...nonces })),
            message,
          );
        } catch (cause) {
          throw explain(self, list, secret, cause);
        }
      } finally {
        // Burnt also when the call failed: what was refused once must not be signed in a corrected form.
        secret.fill(0);
        effective?.fill(0);
      }
    },
  };
}

/** The one suite of the foundation. */
export const signingSuite: SigningSuite = createSigningSuite();
