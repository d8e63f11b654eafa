import type { Proof } from '../domain/approval/execution.ts';
import type { SigningEvidence, SweepEvidence } from '../domain/ceremony/evidence.ts';
import type { SignedEpoch } from '../domain/committee/epoch.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { releaseRequestDigest, type SignedReleaseRequest, type VaultId } from '../domain/vault/terms.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { getCertificate, getDocument } from './documents.ts';
import type { KeyReference } from './keygen.ts';

/** The votes under which the coins of a key move to its successor, and where both lie. */
export type SweepWarrant = {
  readonly vault: VaultId;
  readonly successor: KeyReference;
  /** The covered step that sweeps. */
  readonly step: string;
  /** `Proof` document. */
  readonly proof: BlobRef;
  /** `SignedEpoch` documents, from the pinned committee to the one that voted. */
  readonly epochs: BlobRef;
};

/** What lets the coins of a vault move: validators judge it, and it stands in the evidence. */
export type Warrant =
  | { readonly release: SignedReleaseRequest; readonly sweep?: never }
  | { readonly sweep: SweepWarrant; readonly release?: never };

type Blobs = Pick<ActivityDependencies, 'blobs'>;

export const vaultOf = (warrant: Warrant): VaultId =>
  warrant.sweep === undefined ? warrant.release.request.vault : warrant.sweep.vault;

/** The same for the same coins and the same word for them, whoever asks. */
export const warrantName = (warrant: Warrant): string =>
  warrant.sweep === undefined
    ? releaseRequestDigest(warrant.release.request)
    : `${warrant.sweep.vault}/${warrant.sweep.successor.keyset}/${warrant.sweep.proof.digest}`;

/** Of the request to validators. */
export async function warrantFields(deps: Blobs, now: Attempt, warrant: Warrant) {
  if (warrant.sweep === undefined) return { releaseRequest: encodeDocument(warrant.release) };
  const { step, proof, successor } = warrant.sweep;
  return {
    sweep: {
      step,
      proof: await deps.blobs.get(proof, now),
      successor: await deps.blobs.get(successor.certificate, now),
    },
  };
}

/** Of the evidence: everything that a verifier with the pinned network needs to come to the same yes. */
export async function warrantEvidence(
  deps: Blobs,
  now: Attempt,
  warrant: Warrant,
): Promise<
  Pick<SigningEvidence, 'kind' | 'release'> | Pick<SweepEvidence, 'kind' | 'step' | 'proof' | 'epochs' | 'successor'>
> {
  if (warrant.sweep === undefined) return { kind: 'signing', release: warrant.release };
  const { step, proof, epochs, successor } = warrant.sweep;
  return {
    kind: 'sweep',
    step,
    proof: await getDocument<Proof>(deps, proof, now),
    epochs: await getDocument<readonly SignedEpoch[]>(deps, epochs, now),
    successor: await getCertificate(deps, successor, now),
  };
}
