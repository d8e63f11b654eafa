import type { OpenedBlame } from '../../domain/ceremony/blame.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import type { KeygenCommitment } from '../suite.ts';
import { commitmentHolds } from './proof-of-knowledge.ts';
import { exchangeKeyHolds } from './share-box.ts';
import { judgeDispute } from './share-opening.ts';

export type Blame = { readonly culprit: ValidatorId /** For people. */; readonly why: string };

/** Whether one participant's first message of a key generation is acceptable. */
export const openingHolds = (
  validator: ValidatorId,
  threshold: number,
  said: KeygenCommitment & { readonly encryptionKey: Uint8Array },
): boolean => commitmentHolds(validator, threshold, said) && exchangeKeyHolds(said.encryptionKey);

/** Who is at fault, from signed statements alone; `policy.blame-unfounded` when they prove nothing against anybody. */
export function judgeBlame(opened: OpenedBlame): Verdict<Blame> {
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
  }
}
