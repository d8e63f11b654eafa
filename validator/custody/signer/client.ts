import type { SignerOperations } from './operations.ts';

/**
 * The signer seen from the agent. Failures besides those of the operations: `unavailable.signer-stopped` (it is gone; the agent
 * halts), `unavailable.signer-busy`, `unavailable.signer-timeout`.
 */
export type SignerClient = SignerOperations & {
  /** Kind of the keystore behind it, e.g. `pkcs11`, `sealed-file`. */
  readonly keystore: string;
  /** Called once when the signer died by itself, with the reason; at once when it is dead already. */
  onHalt(listener: (reason: string) => void): void;
  /** The operation that was given up on, until the signer answers anything again: a token that hangs, a machine that is out of breath. */
  late(): string | undefined;
  stop(): Promise<void>;
};
