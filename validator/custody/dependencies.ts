import type { KeyObject } from 'node:crypto';
import type { ChainView, FeeSource, TransactionCodec } from '../../domain/ports/chain.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import type { OutflowCap } from '../../domain/vault/outflow.ts';
import type { Sats } from '../../domain/vault/terms.ts';
import type { Journal } from './journal/journal.ts';
import type { SignerClient } from './signer/client.ts';

/** The operator's own rules; stricter than the terms wherever the two meet. */
export type SigningPolicy = {
  /** A deposit below this depth in the own chain view is not spent. */
  readonly confirmationsRequired: number;
  /** Bound into every signing request: a validator refuses a request that was planned under other rules. */
  readonly policyVersion: number;
  /** Integer satoshis per 1,000 virtual bytes; a cheaper payout would not be relayed. */
  readonly minFeeRateSatsPerKvb: number;
  /** No payout pays more than this to miners, whatever its terms allow. */
  readonly feeCapSats: Sats;
  /** Payouts above it wait until earlier ones are that long ago. */
  readonly outflowCap: OutflowCap;
  /** A signing request whose anchor lies deeper than this was planned on an old world. Default 144. */
  readonly anchorDepthMax?: number;
};

/** The part of pino that the agent uses. */
export type AgentLogger = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: Record<string, unknown>, message: string) => void
>;

/**
 * Everything the inside of the custody validator needs. `createAgent` opens and starts nothing: the composition root opens the
 * journal (`openJournal(folder)`), starts the signer thread (`startSignerThread(options)`) and the chain view, and closes them
 * after `agent.stop()`.
 */
export type AgentDependencies = {
  readonly genesis: NetworkGenesis;
  readonly self: ValidatorId;
  /** Ed25519 private key whose public half stands in the roster at `self`; anything else is refused at once. */
  readonly identity: KeyObject;
  readonly journal: Journal;
  readonly chain: Pick<ChainView, 'status' | 'watch' | 'outputs' | 'output' | 'isCanonical' | 'acceptBranch'>;
  readonly codec: TransactionCodec;
  readonly fees: FeeSource;
  readonly signer: SignerClient;
  readonly policy: SigningPolicy;
  /** Unix milliseconds. */
  readonly clock: () => number;
  readonly logger: AgentLogger;
  /** Build version, shown in status. */
  readonly version: string;
};
