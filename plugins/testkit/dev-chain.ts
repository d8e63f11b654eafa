import type { ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import type { Outpoint, Sats } from '../../domain/vault/terms.ts';

export type ForkOptions = {
  /** Raw transactions for the first block of the new branch. */
  readonly include?: readonly Uint8Array[];
  /**
   * false (default): transactions of the replaced blocks are mined again in the new branch, so that a deposit moves.
   * true: those that `fund` made are replaced by transactions that spend the same coins elsewhere, so that it vanishes.
   */
  readonly drop?: boolean;
};

/** What a test or a devnet may do to a chain, and the production driver cannot: mine, fork, hand out coins. */
export type DevChain = {
  /** Pays `amountSats` to a scriptPubKey (hex) from the faucet; in the mempool when it resolves, in a block after `mine`. */
  fund(script: string, amountSats: Sats): Promise<Outpoint>;
  /** Mines `blocks` blocks with everything in the mempool; their anchors, lowest first. */
  mine(blocks: number): Promise<readonly ChainAnchor[]>;
  /** Builds `blocks` new blocks on the canonical block at `height`; it becomes canonical when it is the longer branch. */
  forkFrom(height: number, blocks: number, options?: ForkOptions): Promise<readonly ChainAnchor[]>;
  /** Submits a raw transaction as any user would; its txid. Rejects when the node refuses it. */
  pay(transaction: Uint8Array): Promise<string>;
  tip(): Promise<ChainAnchor>;
};
