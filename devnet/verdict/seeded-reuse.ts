import { randomBytes } from 'node:crypto';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import type { KeysetId, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { SignerCommitment } from '../../threshold/suite.ts';
import { Fn, Point, scalarBytes } from '../../threshold/verify/curve.ts';
import { SUITE, signingTranscript } from '../../threshold/verify/signing-transcript.ts';
import { vaultKey } from '../../threshold/verify/vault-key.ts';
import type { SeenPartial } from './linear-solver.ts';

const SIGNERS: readonly ValidatorId[] = [1, 2].map(validatorId);
/** Two nonces and a share: so many requests with the same pair determine them. */
const REQUESTS = 3;

export type SeededReuse = {
  readonly validator: ValidatorId;
  readonly shareHex: string;
  readonly partials: readonly SeenPartial[];
};

/**
 * Partial signatures of a key that nobody uses, made as a validator would that forgets what it burnt: the same pair of nonces under several
 * requests. A solver that finds nothing among real ones says something only if it finds this.
 */
export function seededReuse(): SeededReuse {
  const secret = draw();
  const slope = draw();
  const shares = new Map(SIGNERS.map((id) => [id, Fn.add(secret, Fn.mul(slope, BigInt(id)))]));
  const key: PublicKeyPackage = {
    suite: SUITE,
    keyset: randomBytes(16).toString('hex') as KeysetId,
    epoch: 1,
    threshold: SIGNERS.length,
    participants: SIGNERS,
    groupKey: pointHex(secret),
    verifyingShares: SIGNERS.map((id) => pointHex(shares.get(id) ?? 0n)),
    transcript: sha256Hex(randomBytes(32)),
    chaincode: randomBytes(32).toString('hex'),
  } as PublicKeyPackage;
  const [forgetful, other] = SIGNERS as [ValidatorId, ValidatorId];
  const reused = { hiding: draw(), binding: draw() };
  const vault = vaultKey(key, undefined);
  const partials = Array.from({ length: REQUESTS }, (): SeenPartial => {
    const message = randomBytes(32);
    const signers: SignerCommitment[] = [
      { validator: forgetful, nonces: publicOf(reused) },
      { validator: other, nonces: publicOf({ hiding: draw(), binding: draw() }) },
    ];
    const transcript = signingTranscript(key, vault, signers, message);
    const terms = transcript.of(forgetful);
    if (terms === undefined) throw new Error('the forgetful one is a signer');
    const nonce = Fn.add(reused.hiding, Fn.mul(terms.bindingFactor, reused.binding));
    const weight = Fn.mul(transcript.challenge, terms.lambda);
    const own = Fn.add(Fn.mul(vault.sign, shares.get(forgetful) ?? 0n), vault.addend);
    const partial = Fn.add(transcript.nonceNegated ? Fn.neg(nonce) : nonce, Fn.mul(weight, own));
    return {
      validator: forgetful,
      request: sha256Hex(message),
      input: 0,
      key,
      tweak: undefined,
      signers,
      message,
      partial: scalarBytes(partial),
    };
  });
  return { validator: forgetful, shareHex: toHex(scalarBytes(shares.get(forgetful) ?? 0n)), partials };
}

const draw = (): bigint => Fn.create(bytesToNumberBE(randomBytes(48)) % Fn.ORDER || 1n);
const pointHex = (scalar: bigint): string => Point.BASE.multiply(scalar).toHex(true);
const publicOf = ({ hiding, binding }: { readonly hiding: bigint; readonly binding: bigint }) => ({
  hiding: Point.BASE.multiply(hiding).toBytes(true),
  binding: Point.BASE.multiply(binding).toBytes(true),
});
