import type { Blamed } from '../../activities/blame.ts';
import type { CeremonyId, ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { releaseRequestDigest, type Sats, type SignedReleaseRequest } from '../../domain/vault/terms.ts';
import type { KeyRef } from '../generate-key/messages.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: one signed release request becomes one confirmed spend to the recorded script. */
export const PAY_OUT = 'payOut';

export type PayOutInput = {
  readonly network: string;
  readonly signedReleaseRequest: SignedReleaseRequest;
  readonly key: KeyRef;
  /** Height from which the vault is watched, as its opening said: a chain index that was rebuilt meanwhile looks again from there. */
  readonly watchFromHeight: number;
  /** n deep counts as settled; default 6. */
  readonly confirmations?: number;
  /** Sessions in all; default: one more than may be hostile, and four for whoever restarts. */
  readonly sessionsMax?: number;
  /** How long a session waits for half of its signers before another one is begun beside it; default 20. */
  readonly sessionSeconds?: number;
  /** A transaction that so many blocks pass by is looked at, and may be replaced at a higher fee that the request names; default 6. */
  readonly bumpAfterBlocks?: number;
};

export type PayOutPhase =
  | 'planning'
  | 'collecting-commitments'
  | 'collecting-partials'
  | 'awaiting-room'
  | 'broadcasting'
  | 'settling'
  | 'waiting-for-estimate'
  | 'waiting-for-fee'
  | 'unsettled-by-reorg'
  | 'settled'
  | 'refused';

/** One transaction of this payout that a quorum signed; all of them spend the same outputs to the same script, and the chain takes one. */
export type SignedAtFee = {
  readonly txid: string;
  readonly feeSats: Sats;
  readonly signers: readonly ValidatorId[];
  readonly ceremony: CeremonyId;
  readonly transaction: BlobRef;
  readonly evidence: BlobRef;
};

export type PayOutResult =
  | {
      readonly outcome: 'settled';
      readonly txid: string;
      readonly block: ChainAnchor;
      readonly confirmations: number;
      readonly feeSats: Sats;
      readonly payoutSats: Sats;
      readonly signers: readonly ValidatorId[];
      readonly ceremony: CeremonyId;
      readonly sessions: number;
      /** Signed transaction bytes. */
      readonly transaction: BlobRef;
      /** `SigningEvidence` document (domain/ceremony/evidence.ts). */
      readonly evidence: BlobRef;
      /** Everything that was signed, lowest fee first, when it was more than the one that won. */
      readonly alsoSigned?: readonly SignedAtFee[];
      /** Wrong partial signatures on the way, each with its `BlameProof`. */
      readonly blame?: readonly Blamed[];
    }
  | {
      /** The coins lie at the recorded script by a transaction that this run did not sign: an earlier run, its twin or another request paid. */
      readonly outcome: 'settled-before';
      readonly txid: string;
      readonly block: ChainAnchor;
      readonly confirmations: number;
      /** What this run signed itself, and what another transaction of the same coins overtook. */
      readonly alsoSigned?: readonly SignedAtFee[];
    }
  | {
      readonly outcome: 'refused';
      readonly refusal: Refusal;
      readonly sessions: number;
      readonly blame?: readonly Blamed[];
    };

export const payOutId = (network: string, releaseRequest: string): string => `payOut/${network}/${releaseRequest}`;

/** `client.workflow.start(PAY_OUT, startPayOut(input))` */
export const startPayOut = (input: PayOutInput, taskQueue: string = DEFAULT_TASK_QUEUE): StartOptions<PayOutInput> => {
  const { request } = input.signedReleaseRequest;
  return startOptions({
    workflowId: payOutId(input.network, releaseRequestDigest(request)),
    taskQueue,
    input,
    network: input.network,
    keyEpoch: input.key.epoch,
    phase: 'planning' satisfies PayOutPhase,
    summary: `Pay ${request.amountSats} sat out of vault ${request.vault.slice(0, 12)}`,
    details:
      'Signed by a quorum of validators, each by its own policy; settled when the coins are spent n blocks deep.',
  });
};
