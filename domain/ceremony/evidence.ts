import type { Proof } from '../approval/execution.ts';
import type { SignedEpoch } from '../committee/epoch.ts';
import type { NetworkGenesis } from '../network/network.ts';
import type { SignedReleaseRequest, SignedTerms } from '../vault/terms.ts';
import type { CeremonyId, KeyCertificate, KeysetId } from './ceremony.ts';

/**
 * The public record of a process, as one JSON document in the blob store and as the file of `ceremony evidence`.
 * Every `…Hex` field holds the exact bytes that were signed, sent or broadcast: wire messages, never re-encoded ones.
 * Nothing in it is secret, and nothing but `without` needs to be believed: a verifier starts from its own pinned genesis.
 */
type Evidence<Kind extends string> = {
  readonly version: 1;
  readonly kind: Kind;
  readonly environment: NetworkGenesis['environment'];
  readonly network: string;
};

/** Wire `Envelope` bytes, hex. */
export type EnvelopeHex = string;

export type SelfTestEvidence = {
  readonly ceremony: CeremonyId;
  /** Wire `SelfTestRequest` bytes: it carries the commitments of all participants. */
  readonly requestHex: string;
  readonly partials: readonly EnvelopeHex[];
  /** BIP340, 64 bytes. */
  readonly signatureHex: string;
};

export type KeygenEvidence = Evidence<'keygen'> & {
  readonly ceremony: CeremonyId;
  readonly keyset: KeysetId;
  readonly epoch: number;
  /** Wire `KeygenParameters` bytes; the ceremony id is derived from them. */
  readonly parametersHex: string;
  readonly commitments: readonly EnvelopeHex[];
  readonly shares: readonly EnvelopeHex[];
  readonly transcripts: readonly EnvelopeHex[];
  readonly certificate: KeyCertificate;
  /** The votes for this key, when a run asked for it. */
  readonly proof?: Proof;
  readonly held: readonly EnvelopeHex[];
  readonly selfTest: SelfTestEvidence;
  /** Of all participants; of a key that a run asked for, at least of as many as may make one. */
  readonly active: readonly EnvelopeHex[];
};

/** What one signing session left behind; the last one of a payout is complete, earlier ones may lack partials. */
export type SigningSessionEvidence = {
  readonly ceremony: CeremonyId;
  /** Wire `SigningRequest` bytes: transaction, prevouts, signer set with commitments. */
  readonly requestHex: string;
  readonly partials: readonly EnvelopeHex[];
  /**
   * Signers that did not answer, or refused, with the code. Unsigned, and the one field that must be believed: a claim of the
   * coordinator that exported it. Who is named follows from the rest; why is not proven by anything.
   */
  readonly without: readonly { readonly validator: number; readonly code: string }[];
};

/** A transaction and how it came to be signed, whatever let its coins move. */
type Spend<Kind extends string> = Evidence<Kind> & {
  readonly certificate: KeyCertificate;
  readonly terms: SignedTerms;
  /** Ascending; the last one produced the signatures. */
  readonly sessions: readonly SigningSessionEvidence[];
  /** BIP340 signatures, one per input. */
  readonly signaturesHex: readonly string[];
  /** The transaction with its witnesses. */
  readonly transactionHex: string;
};

/** A payout. */
export type SigningEvidence = Spend<'signing'> & { readonly release: SignedReleaseRequest };

/** Coins left their key without their release key: votes for a step of a run, and the key that they went to. */
export type SweepEvidence = Spend<'sweep'> & {
  readonly step: string;
  readonly proof: Proof;
  /** From the pinned committee to the one that voted. */
  readonly epochs: readonly SignedEpoch[];
  readonly successor: KeyCertificate;
};

export type VaultEvidence = Evidence<'vault'> & {
  readonly certificate: KeyCertificate;
  readonly terms: SignedTerms;
  /** ROUND_TERMS_HELD of at least the threshold. */
  readonly termsHeld: readonly EnvelopeHex[];
  /** ROUND_KEYGEN_CERTIFICATE_HELD of every participant of the key. */
  readonly certificateHeld: readonly EnvelopeHex[];
};

export type DepositEvidence = Evidence<'deposit'> & {
  readonly vault: string;
  /** ROUND_DEPOSITS_SEEN. */
  readonly depositsSeen: readonly EnvelopeHex[];
};
