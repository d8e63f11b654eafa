import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { SignerCommitment, VaultTweak } from '../suite.ts';
import { Fn, Point, parseScalar, scalarBytes } from './curve.ts';
import { signingTranscript } from './signing-transcript.ts';
import { vaultKey, verifyingShareOf } from './vault-key.ts';

/** A partial signature with everything public that it was made for. */
export type PartialInContext = {
  readonly key: PublicKeyPackage;
  readonly tweak: VaultTweak | undefined;
  readonly signers: readonly SignerCommitment[];
  readonly message: Uint8Array;
  readonly partial: Uint8Array;
};

/** Coefficients of hiding nonce, binding nonce and share, and the right-hand side. */
export type Equation = [bigint, bigint, bigint, bigint];

/** z = ±(a + rho b) + c lambda (sign d + addend), as an equation in a, b and d: their coefficients, and what they add up to. */
export function equationOf(validator: ValidatorId, use: PartialInContext): Equation | undefined {
  const vault = vaultKey(use.key, use.tweak);
  const transcript = signingTranscript(use.key, vault, use.signers, use.message);
  const terms = transcript.of(validator);
  if (terms === undefined) return undefined;
  const weight = Fn.mul(transcript.challenge, terms.lambda);
  const nonceSign = transcript.nonceNegated ? Fn.neg(1n) : 1n;
  return [
    nonceSign,
    Fn.mul(nonceSign, terms.bindingFactor),
    Fn.mul(weight, vault.sign),
    Fn.sub(parseScalar(use.partial, 'a partial signature'), Fn.mul(weight, vault.addend)),
  ];
}

/** Gauss-Jordan over the scalar field; `undefined` when the equations do not determine all three unknowns. */
function solve(equations: Equation[]): readonly bigint[] | undefined {
  const rows = equations.map((row): bigint[] => [...row]);
  for (let column = 0; column < 3; column += 1) {
    const found = rows.findIndex((row, index) => index >= column && row[column] !== 0n);
    const pivot = rows[found];
    const current = rows[column];
    if (pivot === undefined || current === undefined) return undefined;
    rows[found] = current;
    const inverse = Fn.inv(pivot[column] ?? 0n);
    const scaled = pivot.map((value) => Fn.mul(value, inverse));
    rows[column] = scaled;
    rows.forEach((row, index) => {
      if (index === column) return;
      const factor = row[column] ?? 0n;
      rows[index] = row.map((value, at) => Fn.sub(value, Fn.mul(factor, scaled[at] ?? 0n)));
    });
  }
  return rows.slice(0, 3).map((row) => row[3] ?? 0n);
}

/**
 * The attack that burning nonces prevents: three partials of one validator with the same nonce pair under different requests
 * are three linear equations in the two nonces and the share. Needs public data only, no chosen message, and works across
 * vaults, since their tweaks are public too. Tests run it on everything a ceremony leaves behind and expect `undefined`.
 *
 * @returns the key share, 32 bytes, checked against its verifying share; `undefined` when the partials do not reveal it
 */
export function recoverShare(validator: ValidatorId, uses: readonly PartialInContext[]): Uint8Array | undefined {
  const [first] = uses;
  if (first === undefined) return undefined;
  const equations = uses.map((use) => equationOf(validator, use)).filter((row) => row !== undefined);
  const share = solve(equations)?.[2];
  if (share === undefined || share === 0n) return undefined;
  const matches = Point.BASE.multiplyUnsafe(share).equals(verifyingShareOf(first.key, validator));
  return matches ? scalarBytes(share) : undefined;
}
