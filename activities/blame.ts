import type { BlameProof } from '../domain/ceremony/blame.ts';
import { toHex } from '../domain/encoding/hex.ts';
import { validatorId, type ValidatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { judgeBlame } from '../threshold/verify/blame.ts';
import { openBlame } from '../wire/blame.ts';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  KeygenComplaintSchema,
  Round,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ascending, envelopeHex, getEnvelopes, putDocument } from './documents.ts';
import type { ProposedKey } from './keygen.ts';

/** A fault that everybody can check: `proof` is a `BlameProof` document. */
export type Blamed = { readonly validator: ValidatorId; readonly why: string; readonly proof: BlobRef };

type Rounds = { readonly key: ProposedKey; readonly commitments?: BlobRef; readonly shares?: BlobRef };

export const createBlameActivities = (deps: ActivityDependencies) => ({
  /**
   * Who is at fault when a key generation broke off, by the statements behind the noes in `against` and nobody's word: a proof is
   * written down for each, and whoever's statement proves nothing is not in the list.
   */
  judgeKeygenFaults: (input: Rounds & { readonly against: BlobRef }): Promise<readonly Blamed[]> =>
    attempt(deps, 'judgeKeygenFaults', async (now) => {
      const { environment, name: network } = deps.genesis;
      const about = { version: 1, environment, network } as const;
      const parametersHex = toHex(await deps.blobs.get(input.key.parameters, now));
      const rounds = {
        commitments: ascending(await getEnvelopes(deps, input.commitments, now)).map(([, each]) => envelopeHex(each)),
        shares: ascending(await getEnvelopes(deps, input.shares, now)).map(([, each]) => envelopeHex(each)),
      };
      const proofsIn = (envelope: Envelope): readonly BlameProof[] => {
        const { round } = fromBinary(EnvelopeHeaderSchema, envelope.header);
        const hex = envelopeHex(envelope);
        if (round === Round.KEYGEN_COMMITMENTS)
          return [{ ...about, kind: 'keygen-commitments', parametersHex, commitments: hex }];
        if (round !== Round.KEYGEN_COMPLAINT) return [];
        return dealersIn(envelope.payload, input.key).map((dealer) => ({
          ...about,
          kind: 'keygen-share',
          parametersHex,
          ...rounds,
          complaint: hex,
          dealer,
        }));
      };
      const blamed = new Map<ValidatorId, Blamed>();
      for (const [, envelope] of ascending(await getEnvelopes(deps, input.against, now))) {
        for (const proof of proofsIn(envelope)) {
          const opened = openBlame(deps.genesis, proof);
          const blame = opened.ok ? judgeBlame(opened.value) : opened;
          if (!blame.ok || blamed.has(blame.value.culprit)) continue;
          const { culprit: validator, why } = blame.value;
          blamed.set(validator, { validator, why, proof: await putDocument(deps, proof, now) });
        }
      }
      return ascending(blamed).map(([, each]) => each);
    }),
});

/** Each of the participants at most once, however long the list of a complainer is. */
function dealersIn(payload: Uint8Array, { validators }: ProposedKey): readonly ValidatorId[] {
  try {
    const named = new Set(fromBinary(KeygenComplaintSchema, payload).shares.map(({ dealer }) => validatorId(dealer)));
    return validators.filter((id) => named.has(id));
  } catch {
    return [];
  }
}
