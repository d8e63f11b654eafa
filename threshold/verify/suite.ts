import { schnorr } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { concatBytes, randomBytes } from '@noble/hashes/utils.js';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { SignerCommitment, VerifyingSuite } from '../suite.ts';
import { Fn, Point, parseScalar, scalarBytes, sumOfProducts } from './curve.ts';
import { Recent } from './recent.ts';
import { checkedSigners, SUITE, type SigningTranscript, signingTranscript } from './signing-transcript.ts';
import { type VaultKey, vaultKey } from './vault-key.ts';

/** Transcripts kept per verifier: a coordinator checks the partials of one request one after the other. */
const TRANSCRIPTS_CACHED_MAX = 16;

/** z_i G = ±(D_i + rho_i E_i) + c lambda_i Y_i; everything in it is public, so variable time is fine. */
function partialHolds(vault: VaultKey, transcript: SigningTranscript, validator: ValidatorId, share: bigint): boolean {
  const terms = transcript.of(validator);
  if (terms === undefined) return false;
  const weight = Fn.mul(transcript.challenge, terms.lambda);
  const nonce = terms.hiding.add(sumOfProducts([terms.binding], [terms.bindingFactor]));
  const expected = (transcript.nonceNegated ? nonce.negate() : nonce).add(
    sumOfProducts([vault.verifyingShare(validator)], [weight]),
  );
  return Point.BASE.multiplyUnsafe(share).equals(expected);
}

/** Wrong shares pass together with probability 2^-128: nobody who made them knows the weights. */
const WEIGHT_BYTES = 16;

/**
 * The equations of `partialHolds`, each times its own random weight, added up (batch verification as in BIP340): true means that
 * every single one holds. One walk over all points costs a fifth of fifteen separate ones.
 */
function allHold(vault: VaultKey, transcript: SigningTranscript, shares: ReadonlyMap<ValidatorId, bigint>): boolean {
  const points: Point[] = [];
  const scalars: bigint[] = [];
  let sum = 0n;
  for (const [validator, share] of shares) {
    const terms = transcript.of(validator);
    if (terms === undefined) return false;
    const weight = bytesToNumberBE(randomBytes(WEIGHT_BYTES));
    const { hiding, binding, bindingFactor, lambda } = terms;
    const nonces = transcript.nonceNegated ? [hiding.negate(), binding.negate()] : [hiding, binding];
    points.push(...nonces, vault.verifyingShare(validator));
    scalars.push(weight, Fn.mul(weight, bindingFactor), Fn.mul(weight, Fn.mul(transcript.challenge, lambda)));
    sum = Fn.add(sum, Fn.mul(weight, share));
  }
  return Point.BASE.multiplyUnsafe(sum).equals(sumOfProducts(points, scalars));
}

function scalarOrUndefined(share: Uint8Array): bigint | undefined {
  try {
    return parseScalar(share, 'a partial signature');
  } catch {
    return undefined;
  }
}

/** FROST-secp256k1-SHA256-TR-v1 without secrets: the arithmetic of RFC 9591 with BIP340 challenges and x-only keys. */
export function createVerifyingSuite(): VerifyingSuite {
  const transcripts = new Recent<SigningTranscript>(TRANSCRIPTS_CACHED_MAX);

  function transcriptOf(
    key: PublicKeyPackage,
    vault: VaultKey,
    signers: readonly SignerCommitment[],
    message: Uint8Array,
  ): SigningTranscript {
    // Checked also before a cached answer: the same bytes under another package may be too few signers.
    const list = checkedSigners(key, signers);
    // The digest covers everything the transcript depends on; lengths are fixed but for the message, which comes last.
    const name = sha256Hex(
      concatBytes(
        vault.evenOutput,
        scalarBytes(BigInt(list.length)),
        ...list.flatMap((entry) => [scalarBytes(BigInt(entry.validator)), entry.nonces.hiding, entry.nonces.binding]),
        message,
      ),
    );
    return transcripts.get(name) ?? transcripts.keep(name, signingTranscript(key, vault, list, message));
  }

  return {
    id: SUITE,

    deriveOutput(key, tweak) {
      const { outputKey, outputKeyOdd, internalKey } = vaultKey(key, tweak);
      return { outputKey, outputKeyOdd, internalKey };
    },

    verifyPartial(key, tweak, signers, message, validator, share) {
      const vault = vaultKey(key, tweak);
      const value = scalarOrUndefined(share);
      return value !== undefined && partialHolds(vault, transcriptOf(key, vault, signers, message), validator, value);
    },

    wrongPartials(key, tweak, signers, message, shares) {
      const vault = vaultKey(key, tweak);
      const transcript = transcriptOf(key, vault, signers, message);
      const values = new Map<ValidatorId, bigint>();
      const wrong = transcript.signers.filter((id) => !shares.has(id));
      for (const [id, share] of shares) {
        const value = transcript.of(id) === undefined ? undefined : scalarOrUndefined(share);
        if (value === undefined) wrong.push(id);
        else values.set(id, value);
      }
      if (!allHold(vault, transcript, values))
        for (const [id, value] of values) if (!partialHolds(vault, transcript, id, value)) wrong.push(id);
      return wrong.sort((a, b) => a - b);
    },

    aggregate(key, tweak, signers, message, shares) {
      const vault = vaultKey(key, tweak);
      const transcript = transcriptOf(key, vault, signers, message);
      const missing = transcript.signers.filter((id) => !shares.has(id));
      if (missing.length > 0 || shares.size !== transcript.signers.length) {
        throw new FirebreakFailure('input.signer-set', 'the partial signatures are not those of the signer list', {
          missing,
        });
      }
      const values = new Map(
        transcript.signers.map((id) => [id, scalarOrUndefined(shares.get(id) ?? new Uint8Array())]),
      );
      let sum: bigint | undefined = 0n;
      for (const value of values.values())
        sum = sum === undefined || value === undefined ? undefined : Fn.add(sum, value);
      if (sum !== undefined) {
        const signature = concatBytes(transcript.groupNonce, scalarBytes(sum));
        if (schnorr.verify(signature, message, vault.outputKey)) return signature;
      }
      const culprits = [...values]
        .filter(([id, value]) => value === undefined || !partialHolds(vault, transcript, id, value))
        .map(([id]) => id);
      if (culprits.length === 0) {
        throw new FirebreakFailure(
          'input.key-package',
          `the verifying shares of keyset ${key.keyset} do not add up to its key`,
        );
      }
      throw new FirebreakFailure(
        'signer-fault.partial',
        `partial signatures of validators ${culprits.join(', ')} do not verify`,
        {
          culprits,
        },
      );
    },

    verifySignature(outputKey, message, signature) {
      return outputKey.length === 32 && signature.length === 64 && schnorr.verify(signature, message, outputKey);
    },
  };
}

/** The one suite of the foundation. */
export const verifyingSuite: VerifyingSuite = createVerifyingSuite();
