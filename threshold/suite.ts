import type { PublicKeyPackage, SuiteId } from '../domain/ceremony/ceremony.ts';
import type { ValidatorId } from '../domain/network/network.ts';

/** 33-byte compressed points. */
export type PublicNonces = { readonly hiding: Uint8Array; readonly binding: Uint8Array };

/** `root`: Taproot merkle root of the vault's script tree, empty for key path only (BIP341). */
export type VaultTweak = { readonly vaultId: Uint8Array; readonly root: Uint8Array };

/**
 * What a vault pays to and is spent by. Without a tweak it is the group key itself, and `internalKey` equals `outputKey`:
 * such a key has no script path.
 */
export type OutputKey = {
  /** 32 bytes x-only: the witness program. */
  readonly outputKey: Uint8Array;
  /** Control-block parity bit. */
  readonly outputKeyOdd: boolean;
  /** Internal key (x-only) of the Taproot tree. */
  readonly internalKey: Uint8Array;
};

export type SignerCommitment = { readonly validator: ValidatorId; readonly nonces: PublicNonces };

/**
 * What anyone can do with public data; no secret, no clock, no transport. Point bytes are parsed and validated once.
 * Packages are immutable once parsed: what is derived from one is kept for as long as the object lives.
 * Signer lists may come in any order; strangers to the key, duplicates, fewer than threshold or more than n are `input.signer-set`.
 * Throws FirebreakFailure `input.point`, `input.signer-set`, `input.vault-tweak`, `input.key-package`,
 * `signer-fault.partial` (details.culprits). Culprits are proof only together with their signed commitments and the request.
 */
export type VerifyingSuite = {
  readonly id: SuiteId;
  deriveOutput(key: PublicKeyPackage, tweak: VaultTweak | undefined): OutputKey;
  verifyPartial(
    key: PublicKeyPackage,
    tweak: VaultTweak | undefined,
    signers: readonly SignerCommitment[],
    message: Uint8Array,
    validator: ValidatorId,
    share: Uint8Array,
  ): boolean;
  /**
   * Whose share is missing or does not hold, each by itself: also two that are wrong and cancel each other in the sum, which a
   * look at the final signature would not tell. Strangers among the shares are named too.
   */
  wrongPartials(
    key: PublicKeyPackage,
    tweak: VaultTweak | undefined,
    signers: readonly SignerCommitment[],
    message: Uint8Array,
    shares: ReadonlyMap<ValidatorId, Uint8Array>,
  ): readonly ValidatorId[];
  /** Adds the shares and verifies the final BIP340 signature; names culprits only when it does not verify. */
  aggregate(
    key: PublicKeyPackage,
    tweak: VaultTweak | undefined,
    signers: readonly SignerCommitment[],
    message: Uint8Array,
    shares: ReadonlyMap<ValidatorId, Uint8Array>,
  ): Uint8Array;
  verifySignature(outputKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
};

export type KeygenCommitment = { readonly commitments: readonly Uint8Array[]; readonly proofOfKnowledge: Uint8Array };
/** What round 3 yields; `share` is a secret of 32 bytes and the caller seals and wipes it. */
export type KeygenResult = {
  readonly groupKey: Uint8Array;
  readonly verifyingShares: readonly Uint8Array[];
  readonly share: Uint8Array;
};

/**
 * One participant's key generation in memory. Never serialised: a crash is an abort, a retry has fresh randomness.
 * A message too few is `input.keygen-set` and leaves the session as it was; a named culprit ends it.
 */
export type KeygenSession = {
  readonly round1: KeygenCommitment;
  /**
   * Checks every proof, every vector length (= threshold), identity points and ids: `signer-fault.keygen-commitments` names
   * the senders. `all` includes our own round 1, unchanged. Returns the plain share per recipient; the caller wipes them.
   */
  receiveCommitments(all: ReadonlyMap<ValidatorId, KeygenCommitment>): ReadonlyMap<ValidatorId, Uint8Array>;
  /**
   * `mine`: the share from each other participant; the caller wipes them. Checks each against its sender's commitments;
   * `signer-fault.keygen-share` names the senders. The session is over afterwards, either way.
   */
  receiveShares(mine: ReadonlyMap<ValidatorId, Uint8Array>): KeygenResult;
  erase(): void;
};

/** Secrets live behind these functions; only the validator's signer imports the module that has them. */
export type SigningSuite = {
  readonly id: SuiteId;
  /** `participants` are ascending ids, `self` among them; `input.keygen-set` otherwise. */
  startKeygen(self: ValidatorId, participants: readonly ValidatorId[], threshold: number): KeygenSession;
  /** A fresh pair, hedged with the share; used once. `secret` is 64 bytes: hiding || binding. */
  commit(share: Uint8Array, self: ValidatorId): { readonly secret: Uint8Array; readonly nonces: PublicNonces };
  /**
   * Consumes the nonce: `secret` is zeroed whatever happens. `conflict.nonce-used` when it was zero already,
   * `conflict.own-commitment` when the list does not have its commitments under our id, `input.share` for a wiped share.
   */
  signShare(
    key: PublicKeyPackage,
    tweak: VaultTweak | undefined,
    self: ValidatorId,
    share: Uint8Array,
    secret: Uint8Array,
    signers: readonly SignerCommitment[],
    message: Uint8Array,
  ): Uint8Array;
};
