import type { DKG_Round1, FrostPublic, FrostSecret, Key, NonceCommitments } from '@noble/curves/abstract/frost.js';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';

const { DKG, Identifier } = schnorr_FROST;

/**
 * Key generation of `threshold` of `participants` by nothing but the library's calls: each participant's three rounds, one after
 * the other in this process, messages handed over as objects. No envelope, no disk, no second look at anything.
 */
export function bareKeygen(participants: number, threshold: number): readonly Key[] {
  const signers = { min: threshold, max: participants };
  const first = Array.from({ length: participants }, (_unused, index) =>
    DKG.round1(Identifier.fromNumber(index + 1), signers),
  );
  const othersOf = (self: number): DKG_Round1[] =>
    first.filter((_one, index) => index !== self).map((one) => one.public);
  const second = first.map(({ secret }, self) => DKG.round2(secret, othersOf(self)));
  return first.map(({ secret, public: own }, self) => {
    const mine = second.flatMap((sent, sender) => {
      const share = sender === self ? undefined : sent[own.identifier];
      // A round-2 message names its receiver when it is made, and its sender when it is read.
      return share === undefined ? [] : [{ ...share, identifier: first[sender]?.public.identifier ?? '' }];
    });
    return DKG.round3(secret, othersOf(self), mine);
  });
}

/** One signature by these participants: commit and sign for each, then aggregate, which verifies the result. */
export function bareSigning(pub: FrostPublic, signers: readonly FrostSecret[], message: Uint8Array): Uint8Array {
  const committed = signers.map((secret) => schnorr_FROST.commit(secret));
  const list = committed.map(({ commitments }): NonceCommitments => commitments);
  const shares: Record<string, Uint8Array> = {};
  for (const [index, secret] of signers.entries()) {
    const nonces = committed[index]?.nonces;
    if (nonces === undefined) throw new Error('a signer has no nonce');
    shares[secret.identifier] = schnorr_FROST.signShare(secret, pub, nonces, list, message);
  }
  return schnorr_FROST.aggregate(pub, list, message, shares);
}
