import type { KeysetId } from '../ceremony/ceremony.ts';
import type { ValidatorId } from '../network/network.ts';
import type { LifeCycle } from './context.ts';

/** Authenticated with the ciphertext: a sealed share moved to another keyset, epoch or validator does not open. */
export type SealLabel = {
  readonly keyset: KeysetId | 'identity';
  readonly epoch: number;
  readonly validator: ValidatorId;
};

/** `purpose` names the ceremony; it is recorded with each use. */
export type KeyUse = {
  readonly label: SealLabel;
  readonly purpose: string;
  readonly atMs: number;
  readonly outcome: 'opened' | 'refused';
};

/**
 * Guards secrets at rest. Everything happens in the process that owns the secret; nothing here is a Temporal payload.
 * Failures: `unavailable.keystore-locked`, `unavailable.token-absent`, `input.keystore-pin`, `policy.sealed-damaged`.
 */
export type KeyStore = LifeCycle & {
  readonly kind: string;
  seal(secret: Uint8Array, label: SealLabel): Promise<Uint8Array>;
  /** The caller fills the result with zeros after use. */
  unseal(sealed: Uint8Array, label: SealLabel, purpose: string): Promise<Uint8Array>;
  /** Destroys the sealing key: nothing sealed by it opens again. */
  destroy(): Promise<void>;
};
