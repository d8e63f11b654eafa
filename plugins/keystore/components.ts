import type { BitcoinNetwork } from '../../domain/network/network.ts';
import type { KeyUse, SealLabel } from '../../domain/ports/keystore.ts';

/** What every keystore is given by the process that owns the secrets. */
export type KeystoreComponents = {
  /** Data folder of the process; one keystore per folder. */
  readonly dir: string;
  readonly bitcoinNetwork: BitcoinNetwork;
  /** Writes one use to the journal; when it returns no crash undoes it, and no power failure once something binding followed. If it throws, the secret is not handed out. */
  readonly recordUse: (use: KeyUse) => void;
  /** Into the log of the process, where it has one: what its operator has to see and no call fails for. Fields are public facts. */
  readonly warn?: (fields: Record<string, unknown>, message: string) => void;
};

/** Opens and records: a refusal is recorded too, and a use that cannot be recorded does not happen. */
export async function openRecorded(
  recordUse: KeystoreComponents['recordUse'],
  label: SealLabel,
  purpose: string,
  open: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  let secret: Uint8Array;
  try {
    secret = await open();
  } catch (error) {
    recordUse({ label, purpose, atMs: Date.now(), outcome: 'refused' });
    throw error;
  }
  try {
    recordUse({ label, purpose, atMs: Date.now(), outcome: 'opened' });
    return secret;
  } catch (error) {
    secret.fill(0);
    throw error;
  }
}
