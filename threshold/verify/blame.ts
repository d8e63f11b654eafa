import type { OpenedBlame, OpenedPartial } from '../../domain/ceremony/blame.ts';
import { accept, FirebreakFailure, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../../domain/network/network.ts';
import type { TransactionCodec } from '../../domain/ports/chain.ts';
import { judgeTerms } from '../../domain/vault/verify-terms.ts';
import type { KeygenCommitment, SignerCommitment } from '../suite.ts';
import { verifyCertificate } from './certificate.ts';
import { commitmentHolds } from './proof-of-knowledge.ts';
import { exchangeKeyHolds } from './share-box.ts';
import { judgeDispute } from './share-opening.ts';
import { SUITE } from './signing-transcript.ts';
import { verifyingSuite } from './suite.ts';
import { vaultTweakOf } from './vault-script.ts';

export type Blame = { readonly culprit: ValidatorId /** For people. */; readonly why: string };

/** Whether one participant's first message of a key generation is acceptable. */
export const openingHolds = (
  validator: ValidatorId,
  threshold: number,
  said: KeygenCommitment & { readonly encryptionKey: Uint8Array },
): boolean => commitmentHolds(validator, threshold, said) && exchangeKeyHolds(said.encryptionKey);

/** What a reader of a proof starts from besides it: the pinned network, and how transactions of its chain are signed. */
export type Ground = { readonly genesis: NetworkGenesis; readonly codec: Pick<TransactionCodec, 'sighashes'> };

/** Who is at fault, from signed statements alone; `policy.blame-unfounded` when they prove nothing against anybody. */
export function judgeBlame(opened: OpenedBlame, ground: Ground): Verdict<Blame> {
  switch (opened.kind) {
    case 'equivocation':
      return accept({ culprit: opened.by, why: `signed two different statements as ${opened.about}` });
    case 'keygen-commitments': {
      const { by, threshold } = opened;
      if (openingHolds(by, threshold, opened))
        return refuse('policy.blame-unfounded', `the commitments of ${validatorName(by)} are in order`);
      return accept({
        culprit: by,
        why: `its first message of ${opened.ceremony} has no ${threshold} proven points and two keys`,
      });
    }
    case 'keygen-share': {
      const { from: dealer, to: complainer } = opened.disputed.box;
      return judgeDispute(opened.disputed) === 'dealer'
        ? accept({
            culprit: dealer,
            why: `the share that it sent to ${validatorName(complainer)} is not the one that it committed to`,
          })
        : accept({
            culprit: complainer,
            why: `it complained about ${validatorName(dealer)}, whose share is in order`,
          });
    }
    case 'signing-partial':
      return judgePartial(opened, ground);
  }
}

/**
 * Everything that a signer checks of the key, the vault and the signer set before it signs is checked here, so that no request can be made
 * up for which an honest signature does not hold. What it also checks, and what changes nothing about the arithmetic, is not.
 */
function judgePartial(opened: OpenedPartial, { genesis, codec }: Ground): Verdict<Blame> {
  const { by, ceremony, certificate, terms, inputs, committed, shares } = opened;
  const unfounded = (what: string) =>
    refuse('policy.blame-unfounded', `this is no request that can be signed: ${what}`);
  const certified = verifyCertificate(certificate, genesis);
  if (!certified.ok) return certified;
  const key = certified.value;
  if (opened.suite !== SUITE || opened.keyset !== key.keyset || opened.epoch !== key.epoch)
    return unfounded('it is about another key than the certificate');
  if (!key.participants.includes(by)) return unfounded(`${validatorName(by)} has no share of the key`);
  const vault = judgeTerms(terms, genesis);
  if (!vault.ok) return vault;
  if (inputs.some((input) => input.vault !== vault.value)) return unfounded('an input lies in another vault');
  const pairs = [...committed];
  if (pairs.some(([, each]) => each.length !== inputs.length))
    return unfounded('a signer did not commit to exactly its inputs');
  try {
    const messages = codec.sighashes(opened.transaction, inputs);
    if (messages.length !== inputs.length || inputs.length === 0)
      return unfounded('its inputs are not those of its transaction');
    const signersOf = (at: number): SignerCommitment[] =>
      pairs.flatMap(([validator, each]) => (each[at] === undefined ? [] : [{ validator, nonces: each[at] }]));
    const tweak = vaultTweakOf(terms.terms);
    const wrong = messages.findIndex(
      (message, at) =>
        !verifyingSuite.verifyPartial(key, tweak, signersOf(at), message, by, shares[at] ?? new Uint8Array(0)),
    );
    if (wrong >= 0)
      return accept({ culprit: by, why: `its partial signature of input ${wrong} in ${ceremony} does not hold` });
    if (shares.length !== inputs.length)
      return accept({
        culprit: by,
        why: `it gave ${shares.length} partial signatures in ${ceremony}, ${inputs.length} were asked for`,
      });
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    return unfounded(error.message);
  }
  return refuse('policy.blame-unfounded', `the partial signatures of ${validatorName(by)} in ${ceremony} hold`);
}
