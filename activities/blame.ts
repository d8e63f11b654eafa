import type { BlameProof, PartialProof } from '../domain/ceremony/blame.ts';
import type { KeyCertificate } from '../domain/ceremony/ceremony.ts';
import { toHex } from '../domain/encoding/hex.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { validatorId, type ValidatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { SignedTerms, VaultId } from '../domain/vault/terms.ts';
import { vaultTweakOf } from '../threshold/verify/vault-script.ts';
import { judgeBlame } from '../threshold/verify/blame.ts';
import { openBlame } from '../wire/blame.ts';
import { encodeDocument, parseBlameProof } from '../wire/documents/index.ts';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  KeygenComplaintSchema,
  Round,
  SigningRequestSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { type Attempt, attempt } from './attempt.ts';
import { signersOf } from './commitments.ts';
import type { ActivityDependencies } from './dependencies.ts';
import {
  ascending,
  envelopeHex,
  type Envelopes,
  getCertificate,
  getEnvelopes,
  inOrder,
  putDocument,
} from './documents.ts';
import type { KeyReference, ProposedKey } from './keygen.ts';
import { prevoutsOf, sharesOf, type SigningSession } from './signing.ts';

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
          const found = await kept(deps, now, proof);
          if (found !== undefined && !blamed.has(found.validator)) blamed.set(found.validator, found);
        }
      }
      return ascending(blamed).map(([, each]) => each);
    }),

  /**
   * Whose partial signatures in one session do not hold, each looked at by itself, also when others of the session are still missing:
   * `partials` are those that were taken, `against` what was signed in the place of one.
   */
  judgePartials: (input: {
    readonly key: KeyReference;
    readonly vault: VaultId;
    readonly session: SigningSession;
    readonly partials: BlobRef;
    readonly against?: BlobRef;
  }): Promise<readonly Blamed[]> =>
    attempt(deps, 'judgePartials', async (now) => {
      const { environment, name: network } = deps.genesis;
      const terms = await deps.terms.get(input.vault);
      if (terms === undefined)
        throw new FirebreakFailure('policy.vault-unknown', `vault ${input.vault} is not open here`);
      const request = await deps.blobs.get(input.session.request, now);
      const certificate = await getCertificate(deps, input.key, now);
      const about: Omit<PartialProof, 'partial'> = {
        version: 1,
        environment,
        network,
        kind: 'signing-partial',
        certificate,
        terms,
        requestHex: toHex(request),
      };
      const suspects = [
        ...wrongOf(deps, certificate, terms, request, await getEnvelopes(deps, input.partials, now)),
        ...inOrder(await getEnvelopes(deps, input.against, now)),
      ];
      const blamed: Blamed[] = [];
      for (const envelope of suspects) {
        const found = await kept(deps, now, { ...about, partial: envelopeHex(envelope) });
        if (found === undefined) continue;
        const { validator, why } = found;
        deps.logger.warn({ validator, ceremony: input.session.ceremony, why }, 'a validator signed what does not hold');
        blamed.push(found);
      }
      return blamed;
    }),
});

/** Found with one walk over all of them; what each is worth as a proof is another question. */
function wrongOf(
  deps: ActivityDependencies,
  certificate: KeyCertificate,
  { terms }: SignedTerms,
  bytes: Uint8Array,
  partials: Envelopes,
): Envelope[] {
  const request = fromBinary(SigningRequestSchema, bytes);
  const tweak = vaultTweakOf(terms);
  const inputs = deps.chain.codec.sighashes(request.transaction, prevoutsOf(request));
  const wrong = new Set(
    inputs.flatMap((message, at) => {
      const signers = signersOf(request.commitments, at);
      return deps.suite.wrongPartials(certificate.package, tweak, signers, message, sharesOf(partials, at));
    }),
  );
  return ascending(partials).flatMap(([validator, envelope]) => (wrong.has(validator) ? [envelope] : []));
}

/** A proof is written down when it convinces us as it would convince anybody; undefined when it proves nothing. */
async function kept(deps: ActivityDependencies, now: Attempt, proof: BlameProof): Promise<Blamed | undefined> {
  if (!isReadable(deps, proof)) return undefined;
  const opened = openBlame(deps.genesis, proof);
  const blame = opened.ok ? judgeBlame(opened.value, { genesis: deps.genesis, codec: deps.chain.codec }) : opened;
  if (!blame.ok) return undefined;
  const { culprit: validator, why } = blame.value;
  return { validator, why, proof: await putDocument(deps, proof, now) };
}

/** Whoever checks it reads it with this parser: what is too heavy for it, or has another shape, would accuse by our word alone. */
function isReadable(deps: ActivityDependencies, proof: BlameProof): boolean {
  try {
    parseBlameProof(encodeDocument(proof), 'a proof');
    return true;
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    deps.logger.warn({ kind: proof.kind, why: error.message }, 'a proof that nobody could read is not kept');
    return false;
  }
}

/** Each of the participants at most once, however long the list of a complainer is. */
function dealersIn(payload: Uint8Array, { validators }: ProposedKey): readonly ValidatorId[] {
  try {
    const named = new Set(fromBinary(KeygenComplaintSchema, payload).shares.map(({ dealer }) => validatorId(dealer)));
    return validators.filter((id) => named.has(id));
  } catch {
    return [];
  }
}
