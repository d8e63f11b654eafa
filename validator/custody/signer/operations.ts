import type { CeremonyId, PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import type { EncryptedShare, ShareOpening } from '../../../domain/ceremony/dispute.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { KeygenCommitment, PublicNonces, SignerCommitment, VaultTweak } from '../../../threshold/suite.ts';

export type KeygenContext = {
  readonly ceremony: CeremonyId;
  readonly epoch: number;
  readonly participants: readonly ValidatorId[];
  readonly threshold: number;
};

export type KeygenOpening = KeygenCommitment & {
  /** Sending key, then receiving key, 33 bytes each, of this ceremony only. */
  readonly encryptionKey: Uint8Array;
};

export type ShareInTransit = EncryptedShare;

export type SealedKey = {
  readonly groupKey: Uint8Array;
  readonly verifyingShares: readonly Uint8Array[];
  /** The share as the keystore sealed it for (keyset, epoch, self). */
  readonly sealedShare: Uint8Array;
};

/** Shares that are not what their dealers committed to, each opened for everyone to see. No other share opens with it. */
export type DisputedShares = {
  readonly disputed: readonly (ShareOpening & { readonly dealer: ValidatorId })[];
};

export type PartialInput = {
  readonly tweak: VaultTweak | undefined;
  readonly signers: readonly SignerCommitment[];
  readonly message: Uint8Array;
  /** Own commitment of this input; its nonce is consumed whatever happens. */
  readonly own: PublicNonces;
};

/**
 * What the owner of the secrets does: public bytes in, public or sealed bytes out. Everything is structured-cloneable, because
 * it runs in a thread of its own. Codes: `custodySignerFailures`, `thresholdSessionFailures` and those of the keystore.
 */
export type SignerOperations = {
  startKeygen(context: KeygenContext): Promise<KeygenOpening>;
  /** One encrypted share per other participant. */
  keygenShares(
    ceremony: CeremonyId,
    openings: ReadonlyMap<ValidatorId, KeygenOpening>,
  ): Promise<ReadonlyMap<ValidatorId, ShareInTransit>>;
  /**
   * Checks every share and seals the result, or shows the shares that are bad. Either way the ceremony is over here. `transcript` is
   * what was seen of it (`keygenTranscript`).
   */
  finishKeygen(
    ceremony: CeremonyId,
    mine: ReadonlyMap<ValidatorId, ShareInTransit>,
    transcript: Digest,
  ): Promise<SealedKey | DisputedShares>;
  /** Forgets the polynomial, the ephemeral key and the plain shares of a ceremony; unknown ones are fine. */
  eraseKeygen(ceremony: CeremonyId): Promise<void>;
  /** Fresh nonces, kept in this memory only; the oldest are dropped when too many wait. */
  commit(
    key: PublicKeyPackage,
    sealedShare: Uint8Array,
    count: number,
    purpose: string,
  ): Promise<readonly PublicNonces[]>;
  sign(
    key: PublicKeyPackage,
    sealedShare: Uint8Array,
    inputs: readonly PartialInput[],
    purpose: string,
  ): Promise<readonly Uint8Array[]>;
  /** The host identity, sealed by the same keystore; the one secret that leaves, since libp2p needs it. */
  sealIdentity(secret: Uint8Array): Promise<Uint8Array>;
  unsealIdentity(sealed: Uint8Array): Promise<Uint8Array>;
};
export type SignerOperation = keyof SignerOperations;
