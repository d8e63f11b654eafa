import type { ChainAnchor } from '../ceremony/ceremony.ts';
import type { Outpoint, Sats } from '../vault/terms.ts';
import type { EffectContext, LifeCycle, ReadContext } from './context.ts';

/** A watched output in the chain that is canonical at `anchor`; confirmations = anchor.height - height + 1. */
export type WatchedOutput = {
  readonly outpoint: Outpoint;
  readonly script: string;
  readonly amountSats: Sats;
  readonly blockHash: string;
  readonly height: number;
  readonly confirmations: number;
  /** Present when a canonical block already spends it. */
  readonly spentBy?: {
    readonly txid: string;
    readonly blockHash: string;
    readonly height: number;
    readonly confirmations: number;
  };
};

/** One event of the walk: rollback comes highest first, then connect lowest first. */
export type ChainEvent =
  | { readonly kind: 'rollback'; readonly block: ChainAnchor }
  | {
      readonly kind: 'connect';
      readonly block: ChainAnchor;
      readonly outputs: readonly WatchedOutput[];
      readonly spends: readonly Outpoint[];
    };

export type ChainStatus = {
  readonly tip: ChainAnchor;
  /** The node has all blocks that it has headers for, and the index has walked them. */
  readonly synced: boolean;
  /** Seconds since the node last answered. */
  readonly silentSeconds: number;
  /** Named trouble that an operator must see: `unavailable.node-down`, `policy.reorg-too-deep`, `policy.node-lies` … */
  readonly trouble?: { readonly code: string; readonly message: string };
  /** Each configured node, where there are several. */
  readonly nodes?: readonly NodeStanding[];
  /** Blocks that were taken back since the view started; absent while none were. */
  readonly rolledBackBlocks?: number;
};

/** What one of several nodes is to this view. */
export type NodeStanding = {
  /** Host and port, never a credential. */
  readonly name: string;
  /** Answers come from this one. */
  readonly isInUse: boolean;
  readonly tipHeight?: number;
  /** Against our chain, in words. */
  readonly says: string;
  /** Of what is wrong with it. */
  readonly code?: string;
};

export type FeeEstimate =
  | { readonly kind: 'estimate'; readonly satsPerKvb: number; readonly source: string }
  | { readonly kind: 'no-estimate'; readonly floorSatsPerKvb: number; readonly reason: string };

/** Reads only what is canonical now; every answer names the tip that it was computed at. */
export type ChainView = LifeCycle & {
  status(): ChainStatus;
  /**
   * Adds scripts (scriptPubKey hex) to the watch list and scans back to `fromHeight`, and below it as many blocks as a reorganisation may
   * replace: what was at that height when somebody wrote it down may be lower by now. Idempotent.
   */
  watch(scripts: readonly string[], fromHeight: number, context: ReadContext): Promise<void>;
  outputs(script: string): { readonly anchor: ChainAnchor; readonly outputs: readonly WatchedOutput[] };
  output(outpoint: Outpoint): { readonly anchor: ChainAnchor; readonly output: WatchedOutput | undefined };
  isCanonical(block: ChainAnchor): boolean;
  /**
   * An authority outside of the view says that a chain with this block may be followed, however deep it leaves ours. It ends
   * `policy.reorg-too-deep` as soon as the node's best chain has the block, and no earlier; without that trouble it does nothing.
   */
  acceptBranch(block: ChainAnchor): void;
  /** Connects and rollbacks after `cursor`; a cursor that was itself rolled back yields its rollback first. */
  follow(cursor: ChainAnchor, signal: AbortSignal): AsyncIterable<ChainEvent>;
};

export type FeeSource = { estimate(targetBlocks: number, context: ReadContext): Promise<FeeEstimate> };

export type BroadcastOutcome = 'accepted' | 'already-known' | 'already-confirmed';

/** The only way to change the chain. Any error is `unknown-outcome` until `whatBecameOf` says otherwise. */
export type Broadcaster = {
  submit(
    transaction: Uint8Array,
    context: EffectContext,
  ): Promise<{ readonly txid: string; readonly outcome: BroadcastOutcome }>;
  whatBecameOf(txid: string, context: ReadContext): Promise<'unknown' | 'in-mempool' | 'confirmed'>;
};

/** What is paid, and how the bytes look; pure, so that validators and verifiers recompute it. */
export type PayoutPlan = {
  readonly inputs: readonly { readonly outpoint: Outpoint; readonly amountSats: Sats; readonly script: string }[];
  readonly payoutScript: string;
  readonly feeSats: Sats;
};

export type TransactionCodec = {
  /** Version 2, lock time 0, replaceable; bytes without witnesses. */
  buildPayout(plan: PayoutPlan): { readonly transaction: Uint8Array; readonly txid: string; readonly vsize: number };
  readTransaction(bytes: Uint8Array): {
    readonly txid: string;
    readonly inputs: readonly Outpoint[];
    readonly outputs: readonly { readonly script: string; readonly amountSats: Sats }[];
  };
  /** BIP341 key-path sighash (SIGHASH_DEFAULT) of every input, in order; 32 bytes each. */
  sighashes(
    transaction: Uint8Array,
    prevouts: readonly { readonly script: string; readonly amountSats: Sats }[],
  ): Uint8Array[];
  /** Puts one 64-byte signature per input. */
  attachSignatures(transaction: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array;
  /** The scriptPubKey (hex) of an address; wrong network or checksum is `input.address`. */
  scriptOf(address: string): string;
  addressOf(script: string): string;
  /** Smallest output that nodes relay for this script: 330 for P2TR, 294 for P2WPKH. */
  dustLimitSats(script: string): Sats;
  payoutVsize(inputCount: number, payoutScript: string): number;
};

/** Everything a chain plug-in gives; a component asks for the parts it needs. */
export type BitcoinChain = {
  readonly view: ChainView;
  readonly broadcaster: Broadcaster;
  readonly fees: FeeSource;
  readonly codec: TransactionCodec;
};
