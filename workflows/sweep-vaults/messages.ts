import type { SweepList } from '../../activities/sweep.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: the coins of every vault of a key go to its certified successor, because a committee voted for exactly that. */
export const SWEEP_VAULTS = 'sweepVaults';

export type SweepVaultsInput = {
  readonly network: string;
  readonly fromEpoch: number;
  readonly toEpoch: number;
  /** SHA-256 of the RFC 8785 bytes of the successor's certificate. */
  readonly certificate: Digest;
  /** The covered step that sweeps. */
  readonly step: string;
  /** `Proof` document: the votes that cover the step. */
  readonly proof: BlobRef;
  /** `SignedEpoch` documents, from the pinned committee to the one that voted. */
  readonly epochs: BlobRef;
  /** n deep counts as settled, and as deep enough to be swept; default 6. */
  readonly confirmations?: number;
  /** Vaults in work at once; default 40. */
  readonly atOnce?: number;
  /** How long a session waits for half of its signers before another one is begun beside it; default 20. */
  readonly sessionSeconds?: number;
  /** What an earlier run of the same sweep has done: set by itself when its history grows long. */
  readonly carried?: SweepVaultsState;
};

export type VaultLeft = { readonly vault: string; readonly code: Refusal['code']; readonly message: string };

/** Where a sweep stands between two vaults. */
export type SweepVaultsState = {
  /** From 1. */
  readonly pass: number;
  /** The list of this pass and how many of it are done; absent: a new pass begins. */
  readonly list?: SweepList;
  readonly at: number;
  /** Sweeps that settled, in all passes. */
  readonly swept: number;
  /** Of this pass. */
  readonly sweptNow: number;
  readonly waiting: number;
  readonly refused: number;
  /** Of this pass, the first ones: each vault's own process says the same. */
  readonly left: readonly VaultLeft[];
  /** `SweepEvidence` documents, of the first ones. */
  readonly transcripts: readonly BlobRef[];
};

export type SweepVaultsPhase = 'listing' | 'sweeping' | 'pausing' | 'swept' | 'incomplete' | 'refused';

export type SweepVaultsResult =
  | {
      /** Nothing that is worth a transaction lies under the old key any more. */
      readonly outcome: 'swept';
      readonly vaults: number;
      readonly swept: number;
      readonly transcripts: readonly BlobRef[];
    }
  | {
      readonly outcome: 'incomplete';
      readonly vaults: number;
      readonly swept: number;
      /** The first ones, with what stood in their way. */
      readonly left: readonly VaultLeft[];
      readonly transcripts: readonly BlobRef[];
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly swept: number };

export const sweepVaultsId = (network: string, fromEpoch: number, toEpoch: number): string =>
  `sweepVaults/${network}/${fromEpoch}-${toEpoch}`;

/** `client.workflow.start(SWEEP_VAULTS, startSweepVaults(input))` */
export const startSweepVaults = (
  input: SweepVaultsInput,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<SweepVaultsInput> =>
  startOptions({
    workflowId: sweepVaultsId(input.network, input.fromEpoch, input.toEpoch),
    taskQueue,
    input,
    network: input.network,
    keyEpoch: input.fromEpoch,
    phase: 'listing' satisfies SweepVaultsPhase,
    summary: `Every vault from key epoch ${input.fromEpoch} to ${input.toEpoch}`,
    details:
      'One process per vault; a vault that is refused is recorded and the others go on. Late deposits are swept in a later pass.',
  });
