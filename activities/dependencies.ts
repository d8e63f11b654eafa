import type { NetworkGenesis, ValidatorId } from '../domain/network/network.ts';
import type { BlobStore } from '../domain/ports/blob-store.ts';
import type { BitcoinChain } from '../domain/ports/chain.ts';
import type { GrantSource } from '../domain/ports/grant-source.ts';
import type { Notifier } from '../domain/ports/notifier.ts';
import type { RosterPauses } from '../domain/ports/roster.ts';
import type { TermsSource } from '../domain/ports/terms-source.ts';
import type { ValidatorNetwork } from '../domain/ports/validator-network.ts';
import type { VerifyingSuite } from '../threshold/suite.ts';
import type { Channel } from './playbook/binding.ts';

/** Told once per attempt of an activity; labels are activity names and failure codes, never ids. */
export type ActivityObserver = {
  attemptEnded(
    activity: string,
    outcome: 'done' | 'refused' | 'retried' | 'cancelled',
    code: string,
    seconds: number,
  ): void;
  takenOver(activity: string): void;
  validatorAnswered(outcome: 'accepted' | 'refused' | 'silent', code: string): void;
  /** Partial signatures that fit their request; whether they are right is known when they are added up. */
  partialsReceived(validator: ValidatorId, count: number): void;
  /** Whole signatures that verify, one for each input. */
  signaturesProduced(count: number): void;
};

/** The part of pino that activities use. */
export type ActivityLogger = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: Record<string, unknown>, message: string) => void
>;

/** Everything an activity may touch. All of it is rebuilt by another worker: nothing that matters lives in memory. */
export type ActivityDependencies = {
  readonly genesis: NetworkGenesis;
  readonly network: ValidatorNetwork;
  readonly blobs: BlobStore;
  readonly terms: TermsSource;
  /** What the committee allowed beforehand; absent: nothing. */
  readonly grants?: GrantSource;
  readonly chain: BitcoinChain;
  readonly suite: VerifyingSuite;
  /** Bound into signing requests; validators refuse requests that were planned under other rules. */
  readonly policyVersion: number;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Fresh random bytes for public nonces of ceremony parameters. */
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: ActivityLogger;
  readonly observer: ActivityObserver;
  /** Whom this installation leaves out while there are others; absent: nobody. */
  readonly roster?: RosterPauses;
  /** So long a decision waits for validators that do not say which committee they follow; absent: two seconds. */
  readonly committeeLookMs?: number;
  /** How people are told, by the names that playbooks use; absent: nobody can be told here. */
  readonly channels?: Readonly<Record<string, Channel>>;
  /** The same channels as ports, for whatever tells the story of an incident; absent: none. */
  readonly notifiers?: Readonly<Record<string, Notifier>>;
};
