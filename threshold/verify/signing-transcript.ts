import { schnorr, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { PublicKeyPackage, SuiteId } from '../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { SignerCommitment } from '../suite.ts';
import { Fn, hasOddY, lagrangeAtZero, Point, parsePoint, scalarBytes, sumOfProducts } from './curve.ts';
import type { VaultKey } from './vault-key.ts';

export const SUITE: SuiteId = 'FROST-secp256k1-SHA256-TR-v1';

const DST_BINDING = utf8ToBytes(`${SUITE}rho`);
const PREFIX_MESSAGE = utf8ToBytes(`${SUITE}msg`);
const PREFIX_COMMITMENTS = utf8ToBytes(`${SUITE}com`);

/** What all signers of one request share; computed once, so that checking each partial costs two multiplications. */
export type SigningTranscript = {
  readonly signers: readonly ValidatorId[];
  /** x-only group nonce R. */
  readonly groupNonce: Uint8Array;
  /** BIP340 wants R with even y: when it is odd every nonce enters negated. */
  readonly nonceNegated: boolean;
  readonly challenge: bigint;
  /** Values of one signer, or `undefined` for a validator outside the list. */
  of(validator: ValidatorId): SignerTerms | undefined;
};

export type SignerTerms = {
  readonly hiding: Point;
  readonly binding: Point;
  readonly bindingFactor: bigint;
  readonly lambda: bigint;
};

/**
 * The list sorted by id; refuses fewer than threshold or more than n entries, ids that are no participants, and duplicates.
 * The curve library checks none of the memberships, so without this a stranger's commitment would be signed along.
 */
export function checkedSigners(
  key: PublicKeyPackage,
  signers: readonly SignerCommitment[],
): readonly SignerCommitment[] {
  const refuse = (reason: string): never => {
    throw new FirebreakFailure('input.signer-set', `the signer list of keyset ${key.keyset} ${reason}`, {
      signers: signers.slice(0, key.participants.length).map((entry) => entry.validator),
    });
  };
  if (signers.length < key.threshold) refuse(`has ${signers.length} entries, ${key.threshold} are needed`);
  const participants = new Set(key.participants);
  if (signers.length > participants.size) refuse(`has ${signers.length} entries of ${participants.size} participants`);
  const seen = new Set<number>();
  for (const { validator, nonces } of signers) {
    if (!participants.has(validator)) refuse(`names stranger ${validator}`);
    if (seen.has(validator)) refuse(`names validator ${validator} twice`);
    if (nonces.hiding.length !== 33 || nonces.binding.length !== 33) {
      throw new FirebreakFailure('input.point', `a nonce commitment of validator ${validator} has a wrong length`);
    }
    seen.add(validator);
  }
  return signers.toSorted((a, b) => a.validator - b.validator);
}

const idBytes = (validator: ValidatorId): Uint8Array => scalarBytes(BigInt(validator));

/**
 * RFC 9591 §4.3-4.6 for the Taproot suite, byte-identical with the curve library's own computation (compared in tests).
 * @throws FirebreakFailure `input.signer-set`, `input.point` (naming the validator)
 */
export function signingTranscript(
  key: PublicKeyPackage,
  vault: VaultKey,
  signers: readonly SignerCommitment[],
  message: Uint8Array,
): SigningTranscript {
  const list = checkedSigners(key, signers);
  const ids = list.map((entry) => entry.validator);
  const hashed = sha256(
    concatBytes(
      PREFIX_COMMITMENTS,
      ...list.flatMap((entry) => [idBytes(entry.validator), entry.nonces.hiding, entry.nonces.binding]),
    ),
  );
  const prefix = concatBytes(vault.evenOutput, sha256(concatBytes(PREFIX_MESSAGE, message)), hashed);
  const terms = new Map<ValidatorId, SignerTerms>();
  let hidingSum = Point.ZERO;
  for (const { validator, nonces } of list) {
    const hiding = parsePoint(nonces.hiding, `the hiding commitment of validator ${validator}`);
    const binding = parsePoint(nonces.binding, `the binding commitment of validator ${validator}`);
    const bindingFactor = secp256k1_hasher.hashToScalar(concatBytes(prefix, idBytes(validator)), { DST: DST_BINDING });
    terms.set(validator, { hiding, binding, bindingFactor, lambda: lagrangeAtZero(ids, validator) });
    hidingSum = hidingSum.add(hiding);
  }
  const all = [...terms.values()];
  const sum = hidingSum.add(
    sumOfProducts(
      all.map((entry) => entry.binding),
      all.map((entry) => entry.bindingFactor),
    ),
  );
  if (sum.is0()) throw new FirebreakFailure('input.point', 'the nonce commitments of all signers cancel each other');
  const groupNonce = schnorr.utils.pointToBytes(sum);
  const challenge = Fn.create(
    bytesToNumberBE(schnorr.utils.taggedHash('BIP0340/challenge', groupNonce, vault.outputKey, message)),
  );
  return { signers: ids, groupNonce, nonceNegated: hasOddY(sum), challenge, of: (validator) => terms.get(validator) };
}
