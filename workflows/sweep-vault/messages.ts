import type { Blamed } from '../../activities/blame.ts';
import type { CeremonyId, ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { Sats, VaultId } from '../../domain/vault/terms.ts';
import type { KeyRef } from '../generate-key/messages.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: the coins of one vault go from one key to the same vault under its certified successor. Part of `sweepVaults`. */
export const SWEEP_VAULT = 'sweepVault';

export type SweepVaultInput = {
  readonly network: string;
  readonly vault: VaultId;
  readonly from: KeyRef;
  readonly to: KeyRef;
  /** The covered step that sweeps. */
  readonly step: string;
  /** `Proof` document: the votes that cover the step. */
  readonly proof: BlobRef;
  /** `SignedEpoch` documents, from the pinned committee to the one that voted. */
  readonly epochs: BlobRef;
  /** Nothing under the old key is older than this block. */
  readonly watchFromHeight: number;
  /** n deep counts as settled, and as deep enough to be swept; default 6. */
  readonly confirmations?: number;
  /** How long a session waits for half of its signers before another one is begun beside it; default 20. */
  readonly sessionSeconds?: number;
};

export type SweepVaultPhase =
  | 'planning'
  | 'collecting-commitments'
  | 'collecting-partials'
  | 'reopening'
  | 'broadcasting'
  | 'settling'
  | 'unsettled-by-reorg'
  | 'swept'
  | 'empty'
  | 'waiting'
  | 'refused';

export type SweepVaultResult =
  | {
      readonly outcome: 'swept';
      readonly txid: string;
      readonly block: ChainAnchor;
      readonly confirmations: number;
      readonly feeSats: Sats;
      readonly sweptSats: Sats;
      readonly signers: readonly ValidatorId[];
      readonly ceremony: CeremonyId;
      readonly sessions: number;
      /** Signed transaction bytes. */
      readonly transaction: BlobRef;
      /** `SweepEvidence` document (domain/ceremony/evidence.ts). */
      readonly evidence: BlobRef;
      /** Wrong partial signatures on the way, each with its `BlameProof`. */
      readonly blame?: readonly Blamed[];
    }
  /** Nothing was under the old key any more. */
  | { readonly outcome: 'empty' }
  /** Coins are there and cannot be moved yet: a later pass looks again. */
  | { readonly outcome: 'not-yet'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export const sweepVaultId = (network: string, keyset: string, vault: VaultId): string =>
  `sweepVault/${network}/${keyset}/${vault}`;

export const startSweepVault = (
  input: SweepVaultInput,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<SweepVaultInput> =>
  startOptions({
    workflowId: sweepVaultId(input.network, input.from.keyset, input.vault),
    taskQueue,
    input,
    network: input.network,
    keyEpoch: input.from.epoch,
    phase: 'planning' satisfies SweepVaultPhase,
    summary: `Vault ${input.vault.slice(0, 12)} from key epoch ${input.from.epoch} to ${input.to.epoch}`,
    details:
      'Signed by a quorum of validators, each after judging the votes itself; settled when the coins are spent n blocks deep.',
  });
