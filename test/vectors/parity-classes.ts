import { hexToBytes } from '@noble/hashes/utils.js';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { Terms } from '../../domain/vault/terms.ts';
import { signingSuite } from '../../threshold/session/suite.ts';
import { signAll } from '../../threshold/testkit/ceremony.ts';
import { generateKeyset, type TestKeyset } from '../../threshold/testkit/keyset.ts';
import { testTerms } from '../../threshold/testkit/terms.ts';
import { Fn, hasOddY, Point, parsePoint } from '../../threshold/verify/curve.ts';
import { signingTranscript } from '../../threshold/verify/signing-transcript.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { vaultKey, vaultScalar } from '../../threshold/verify/vault-key.ts';
import { vaultTweakOf } from '../../threshold/verify/vault-script.ts';

const ATTEMPTS_MAX = 200;
const parity = (odd: boolean) => (odd ? 'odd' : 'even');

/** A keyset, and whether the sum of the constant terms (P0) has odd y: the first of four places where a sign can be lost. */
export type ClassedKeyset = { readonly keyset: TestKeyset; readonly constantOdd: boolean };

/** Two generated keysets of 2 of 3, one for each parity of P0. */
export function bothConstants(): readonly ClassedKeyset[] {
  const found = new Map<boolean, ClassedKeyset>();
  for (let attempt = 0; found.size < 2; attempt += 1) {
    if (attempt === ATTEMPTS_MAX) throw new Error('no keyset of one parity in so many attempts');
    const keyset = generateKeyset(signingSuite, `parity ${attempt}`, 3, 2);
    const sum = keyset.constantTerms.reduce((total, term) => total.add(parsePoint(term, 'a constant')), Point.ZERO);
    found.set(hasOddY(sum), { keyset, constantOdd: hasOddY(sum) });
  }
  return [...found.values()];
}

/** y of the untweaked vault point P_N and of the output O_N; two signs that derivation must carry. */
export function vaultClass(key: PublicKeyPackage, terms: Terms): string {
  const { vaultId } = vaultTweakOf(terms);
  const plain = vaultScalar(hexToBytes(key.groupKey), hexToBytes(key.chaincode), vaultId);
  const internal = parsePoint(key.groupKey, 'Q').add(Point.BASE.multiply(Fn.create(plain)));
  return `${parity(hasOddY(internal))} ${parity(vaultKey(key, vaultTweakOf(terms)).outputKeyOdd)}`;
}

export type ClassedVault = ClassedKeyset & {
  readonly terms: Terms;
  /** Parities of P0, P_N, O_N and R. */
  readonly parities: string;
  /** Which parity the group nonce R must get; a signing has either with even chance. */
  readonly nonceOdd: boolean;
};

/** Two vaults for each of the 16 combinations, the first with a refund leaf and the second without: a leaf is another tweak of the output. */
export function twoVaultsPerClass(keysets: readonly ClassedKeyset[]): readonly ClassedVault[] {
  const vaults = new Map<string, ClassedVault>();
  for (let n = 0; vaults.size < 32; n += 1) {
    if (n === ATTEMPTS_MAX) throw new Error('not every class was found in so many attempts');
    const refunds = [{ refund: { lockHeight: 1_000 + n } }, {}];
    for (const terms of refunds.map((refund) => testTerms(`class ${n}`, refund))) {
      for (const { keyset, constantOdd } of keysets) {
        for (const nonceOdd of [false, true]) {
          const parities = `${parity(constantOdd)} ${vaultClass(keyset.key, terms)} ${parity(nonceOdd)}`;
          const name = `${parities} ${leafOf(terms)}`;
          if (!vaults.has(name)) vaults.set(name, { keyset, constantOdd, terms, parities, nonceOdd });
        }
      }
    }
  }
  return [...vaults.values()];
}

export const leafOf = ({ refund }: Terms): string => (refund === undefined ? 'without a leaf' : 'with a leaf');

/** Signs by validators 1 and 3 until R has the wanted parity. */
export function signWithParity({ keyset, terms, nonceOdd }: ClassedVault, message: Uint8Array): Uint8Array {
  const tweak = vaultTweakOf(terms);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const ids = [validatorId(1), validatorId(3)];
    const { signers, partials } = signAll(
      { verifying: verifyingSuite, signing: signingSuite },
      keyset,
      ids,
      tweak,
      message,
    );
    const { nonceNegated } = signingTranscript(keyset.key, vaultKey(keyset.key, tweak), signers, message);
    if (nonceNegated === nonceOdd) return verifyingSuite.aggregate(keyset.key, tweak, signers, message, partials);
  }
  throw new Error('no nonce of the wanted parity in so many attempts');
}
