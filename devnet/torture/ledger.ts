import type { Outpoint, Terms, VaultId } from '../../domain/vault/terms.ts';
import type { Fault, Phase } from './fault.ts';

/** A deposit that the load made, and what is known of it. */
export type Deposited = {
  readonly vault: VaultId;
  readonly outpoint: Outpoint;
  /** The first block that can hold it or a spend of it. */
  readonly fromHeight: number;
  readonly terms: Terms;
  /** `asked`: a payout of it was asked for, so it may be signed away. */
  state: 'made' | 'asked' | 'paid' | 'taken-back';
};

export type PaidOut = {
  readonly workflowId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly sessions: number;
  /** Of earlier tries of the same payout, which were refused. */
  readonly refusals: readonly string[];
};

/** A fault as it happened. */
export type Struck = {
  readonly fault: Fault;
  readonly beganAtMs: number;
  endedAtMs: number;
  /** Where the vaults in flight were when it began. */
  readonly phases: readonly Phase[];
  /** Why it could not be done; it does not count then. */
  readonly missed?: string;
};

/** What a run writes down while it happens; the verdict is read from the world and compared with it. */
export type Ledger = {
  readonly deposits: Deposited[];
  readonly payouts: PaidOut[];
  readonly strikes: Struck[];
  /** Begin of the storm, its last fault over, the last payout settled. */
  stormAtMs: number;
  calmAtMs: number;
  doneAtMs: number;
};

export const newLedger = (): Ledger => ({
  deposits: [],
  payouts: [],
  strikes: [],
  stormAtMs: 0,
  calmAtMs: 0,
  doneAtMs: 0,
});
