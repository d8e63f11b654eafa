import type { Blamed } from '../../activities/blame.ts';
import type { CeremonyId, KeyOrigin, KeysetId } from '../../domain/ceremony/ceremony.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: one key for one epoch of a network, made by all its participants together. */
export const GENERATE_KEY = 'generateKey';

export type GenerateKeyInput = {
  readonly network: string;
  /** ≥ 1; one key per epoch. */
  readonly epoch: number;
  /** Free text that all participants sign with the parameters, e.g. `custody`. */
  readonly purpose: string;
  /** 16 bytes hex for the first attempt; later attempts, and the first one without it, draw their own. */
  readonly nonce?: string;
  /** Default 3, with `smallest` 5. Each attempt is another ceremony with fresh randomness. */
  readonly attemptsMax?: number;
  /** How long one round waits for every participant; default 300, with `smallest` 60. */
  readonly roundSeconds?: number;
  /** Ascending validator ids; absent: all that are no spares. Others take an origin and its votes. */
  readonly participants?: readonly ValidatorId[];
  /** The fewest that may make the key, when the others do not answer; absent: all participants or none. */
  readonly smallest?: number;
  /** The step of the run that asked for this key, and RFC 8785 bytes of the votes for it (`Proof`). */
  readonly origin?: KeyOrigin;
  readonly proof?: BlobRef;
};

/** How others name a key and find its certificate: RFC 8785 bytes of `KeyCertificate` in the blob store. */
export type KeyRef = { readonly keyset: KeysetId; readonly epoch: number; readonly certificate: BlobRef };

export type GenerateKeyPhase =
  | 'commitments'
  | 'shares'
  | 'transcript'
  | 'certificate'
  | 'self-test'
  | 'activation'
  | 'active'
  | 'failed';

export type GenerateKeyResult =
  | {
      readonly outcome: 'active';
      readonly key: KeyRef;
      readonly ceremony: CeremonyId;
      /** 33 bytes compressed, hex. */
      readonly groupKey: string;
      /** `KeygenEvidence` document (domain/ceremony/evidence.ts). */
      readonly evidence: BlobRef;
      readonly attempts: number;
      /** Faults that were proven on the way, each with its `BlameProof`. */
      readonly blame: readonly Blamed[];
    }
  | {
      readonly outcome: 'failed';
      readonly refusal: Refusal;
      readonly attempts: number;
      readonly blame: readonly Blamed[];
    };

export const generateKeyId = (network: string, epoch: number): string => `generateKey/${network}/${epoch}`;

/** `client.workflow.start(GENERATE_KEY, startGenerateKey(input))` */
export const startGenerateKey = (
  input: GenerateKeyInput,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<GenerateKeyInput> =>
  startOptions({
    workflowId: generateKeyId(input.network, input.epoch),
    taskQueue,
    input,
    network: input.network,
    keyEpoch: input.epoch,
    phase: 'commitments' satisfies GenerateKeyPhase,
    summary: `Key of epoch ${input.epoch} for ${input.network}`,
    details: 'Every participant takes part in each round; a key is used only after all of them tested it together.',
  });
