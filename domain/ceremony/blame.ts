import type { Digest } from '../encoding/digest.ts';
import type { Environment, ValidatorId } from '../network/network.ts';
import type { SignedTerms } from '../vault/terms.ts';
import type { CeremonyId, KeyCertificate } from './ceremony.ts';
import type { DisputedShare } from './dispute.ts';
import type { EnvelopeHex } from './evidence.ts';

type About = { readonly version: 1; readonly environment: Environment; readonly network: string };

/** Two statements of one validator about the same thing that say different things: nobody else can make either. */
export type EquivocationProof = About & {
  readonly kind: 'equivocation';
  readonly first: EnvelopeHex;
  readonly second: EnvelopeHex;
};

/** Round 1 of a key generation that is no round 1: another number of points, no points, no keys, or no knowledge of the secret. */
export type CommitmentsProof = About & {
  readonly kind: 'keygen-commitments';
  /** Wire `KeygenParameters` bytes; the ceremony id is derived from them. */
  readonly parametersHex: string;
  readonly commitments: EnvelopeHex;
};

/** A share that is not what its dealer committed to, or a complaint about one that is. One of the two is at fault. */
export type ShareProof = About & {
  readonly kind: 'keygen-share';
  readonly parametersHex: string;
  /** Both rounds as the complainer was shown them, ascending by validator. */
  readonly commitments: readonly EnvelopeHex[];
  readonly shares: readonly EnvelopeHex[];
  readonly complaint: EnvelopeHex;
  /** Whose share is in dispute; a complaint may be about several. */
  readonly dealer: number;
};

/**
 * A partial signature that does not hold. The request is signed by nobody, and need not be: the accused signed its digest beside the partial
 * signature, and the request carries what the accused committed to, signed by it too.
 */
export type PartialProof = About & {
  readonly kind: 'signing-partial';
  readonly certificate: KeyCertificate;
  /** Of the vault that the request names: the key is tweaked by them. */
  readonly terms: SignedTerms;
  /** Wire `SigningRequest` bytes. */
  readonly requestHex: string;
  readonly partial: EnvelopeHex;
};

/** What convinces whoever has the pinned network file, without asking anybody. Silence is in none of them: it proves nothing. */
export type BlameProof = EquivocationProof | CommitmentsProof | ShareProof | PartialProof;

/** A proof whose statements were found to be signed by whom they name, about one ceremony; who is at fault is still to be computed. */
export type OpenedBlame =
  | {
      readonly kind: 'equivocation';
      readonly by: ValidatorId;
      readonly about: string;
      readonly digests: readonly [Digest, Digest];
    }
  | {
      readonly kind: 'keygen-commitments';
      readonly by: ValidatorId;
      readonly ceremony: CeremonyId;
      readonly threshold: number;
      readonly commitments: readonly Uint8Array[];
      readonly proofOfKnowledge: Uint8Array;
      readonly encryptionKey: Uint8Array;
    }
  | { readonly kind: 'keygen-share'; readonly ceremony: CeremonyId; readonly disputed: DisputedShare }
  | ({ readonly kind: 'signing-partial' } & OpenedPartial);

export type OpenedPartial = {
  readonly by: ValidatorId;
  readonly ceremony: CeremonyId;
  readonly certificate: KeyCertificate;
  readonly terms: SignedTerms;
  readonly keyset: string;
  readonly epoch: number;
  readonly suite: string;
  readonly transaction: Uint8Array;
  readonly inputs: readonly { readonly vault: string; readonly script: string; readonly amountSats: number }[];
  /** Pairs of points per signer, one for each input. */
  readonly committed: ReadonlyMap<
    ValidatorId,
    readonly { readonly hiding: Uint8Array; readonly binding: Uint8Array }[]
  >;
  /** What the accused signed, one for each input. */
  readonly shares: readonly Uint8Array[];
};
