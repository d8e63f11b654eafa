import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { Outpoint, Sats, VaultId } from '../../domain/vault/terms.ts';
import type { KeyRef } from '../generate-key/messages.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: watches one vault from its first coin until everything was paid out again, or until it is closed. */
export const CONFIRM_DEPOSIT = 'confirmDeposit';

export type ConfirmDepositInput = {
  readonly network: string;
  readonly vault: VaultId;
  readonly key: KeyRef;
  /** scriptPubKey of the vault, hex. */
  readonly script: string;
  readonly watchFromHeight: number;
  /** n deep counts as confirmed; default 6. */
  readonly confirmations?: number;
  /** What an earlier run of the same watch knew; only the process itself fills this in, when it continues as new. */
  readonly carried?: DepositReport;
};

/**
 * Where a deposit stands. `confirmed` is the only state in which a payout can be planned without an operator;
 * the amount words compare everything confirmed with the amount of the terms.
 */
export type DepositState =
  | 'awaiting-deposit'
  | 'seen'
  | 'confirmed'
  | 'under-deposited'
  | 'over-deposited'
  | 'double-deposited'
  | 'late'
  | 'to-retired-key'
  | 'moved-by-reorg'
  | 'vanished-by-reorg'
  | 'settled'
  | 'closed';

export type DepositOutput = {
  readonly outpoint: Outpoint;
  readonly amountSats: Sats;
  readonly block: ChainAnchor;
  readonly confirmations: number;
  readonly spentBy?: string;
};

/** Answer of the query `deposit`. */
export type DepositReport = {
  readonly state: DepositState;
  readonly outputs: readonly DepositOutput[];
  /** Tip of the worker's own chain view when the report was made. */
  readonly anchor?: ChainAnchor;
  /** Validators whose own signed view agrees that every output is n deep. */
  readonly agreeing: readonly ValidatorId[];
  /** `DepositEvidence` document (domain/ceremony/evidence.ts) behind `agreeing`. */
  readonly statements?: BlobRef;
  /** Names what the state was judged from; equal means that nothing happened. */
  readonly fingerprint?: string;
  /** Changes of state so far, oldest first; the latest 64. */
  readonly history: readonly { readonly state: DepositState; readonly atMs: number; readonly height?: number }[];
};

export type ConfirmDepositResult =
  | { readonly outcome: 'settled' | 'closed'; readonly report: DepositReport }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export const depositQuery = defineQuery<DepositReport>('deposit');
/** Ends the watch; the receipt is the last report. Coins are not touched by it. */
export const closeDepositUpdate = defineUpdate<DepositReport, [{ readonly reason: string }]>('closeDeposit');

export const confirmDepositId = (network: string, vault: VaultId): string => `confirmDeposit/${network}/${vault}`;

/** `client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(input))` */
export const startConfirmDeposit = (
  input: ConfirmDepositInput,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<ConfirmDepositInput> =>
  startOptions({
    workflowId: confirmDepositId(input.network, input.vault),
    taskQueue,
    input,
    network: input.network,
    keyEpoch: input.key.epoch,
    phase: 'awaiting-deposit' satisfies DepositState,
    summary: `Deposit to vault ${input.vault.slice(0, 12)}`,
    details: 'Counts as confirmed when a quorum of validators says so from their own chain views, and ours agrees.',
  });
