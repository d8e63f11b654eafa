import type { Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { type SignedTerms, type VaultId, vaultIdOf } from '../../domain/vault/terms.ts';
import type { KeyRef } from '../generate-key/messages.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: gives signed terms an address, once enough validators hold the terms and all hold the certificate. */
export const OPEN_VAULT = 'openVault';

export type OpenVaultInput = {
  readonly network: string;
  readonly signedTerms: SignedTerms;
  readonly key: KeyRef;
  /** Deposits below this height are not looked for; the caller's current tip is right for a new vault. */
  readonly watchFromHeight: number;
  /** How long to wait for validators before giving up; default 600. */
  readonly patienceSeconds?: number;
};

export type OpenVaultPhase = 'registering-terms' | 'certificate' | 'holding-terms' | 'open' | 'refused';

export type OpenVaultResult =
  | {
      readonly outcome: 'open';
      readonly vault: VaultId;
      readonly key: KeyRef;
      readonly address: string;
      /** scriptPubKey, hex; derived by the worker and equal to what each holder derived. */
      readonly script: string;
      readonly holders: readonly ValidatorId[];
      /** `VaultEvidence` document (domain/ceremony/evidence.ts): the signed statements that `vault show` verifies offline. */
      readonly evidence: BlobRef;
      readonly watchFromHeight: number;
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export const openVaultId = (network: string, vault: VaultId): string => `openVault/${network}/${vault}`;

/** `client.workflow.start(OPEN_VAULT, startOpenVault(input))` */
export const startOpenVault = (
  input: OpenVaultInput,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<OpenVaultInput> =>
  startOptions({
    workflowId: openVaultId(input.network, vaultIdOf(input.signedTerms.terms)),
    taskQueue,
    input,
    network: input.network,
    keyEpoch: input.key.epoch,
    phase: 'registering-terms' satisfies OpenVaultPhase,
    summary: `Vault ${vaultIdOf(input.signedTerms.terms).slice(0, 12)} on key epoch ${input.key.epoch}`,
    details:
      'The address is shown only after a quorum holds the terms and every participant of the key holds its certificate.',
  });
