import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import type { ChainStatus, FeeEstimate, WatchedOutput } from '../../../domain/ports/chain.ts';
import { type Outpoint, outpointText, type Sats } from '../../../domain/vault/terms.ts';
import type { AgentDependencies } from '../dependencies.ts';

type Held = {
  readonly outpoint: Outpoint;
  readonly script: string;
  readonly amountSats: Sats;
  height: number;
  spentBy?: { readonly txid: string; readonly height: number };
};

/** A chain view that a test writes itself: blocks have names, deposits appear in the next one, anything can be taken back. */
export class TestChain {
  #blocks: string[] = [];
  #branch = 0;
  readonly #outputs = new Map<string, Held>();
  readonly watched = new Set<string>();
  synced = true;
  trouble: ChainStatus['trouble'];
  watchFails = false;
  /** The block that the chain must have for `policy.reorg-too-deep` to end. */
  accepted: ChainAnchor | undefined;
  estimate: FeeEstimate = { kind: 'no-estimate', floorSatsPerKvb: 1_000, reason: 'the blocks of this test are empty' };

  constructor() {
    this.mine(200);
  }

  mine(blocks: number): void {
    for (let n = 0; n < blocks; n += 1) {
      this.#blocks.push(sha256Hex(Buffer.from(`block ${this.#branch}/${this.#blocks.length}`)));
    }
  }

  /** The chain grows by a block of this hash. */
  mineAs(hash: string): void {
    this.#blocks.push(hash);
  }

  /** The last blocks give way to a branch of the same length, and what they held is unconfirmed. */
  reorg(depth: number): void {
    this.#branch += 1;
    this.#blocks = this.#blocks.slice(0, this.#blocks.length - depth);
    for (const [name, output] of this.#outputs) if (output.height >= this.#blocks.length) this.#outputs.delete(name);
    this.mine(depth);
  }

  deposit(outpoint: Outpoint, script: string, amountSats: Sats, blocksAfter: number): void {
    this.mine(1);
    this.#outputs.set(outpointText(outpoint), { outpoint, script, amountSats, height: this.tip.height });
    this.mine(blocksAfter);
  }

  /** In the block that is the tip now. */
  spend(outpoint: Outpoint, txid: string): void {
    const held = this.#outputs.get(outpointText(outpoint));
    if (held === undefined) throw new Error('the test spends an output that is not there');
    held.spentBy = { txid, height: this.tip.height };
  }

  /** The block that held it gave way, and the coins went elsewhere. */
  forget(outpoint: Outpoint): void {
    this.#outputs.delete(outpointText(outpoint));
  }

  anchorAt(depth: number): ChainAnchor {
    const height = this.tip.height - depth;
    return { hash: this.#blocks[height] ?? '', height };
  }

  get tip(): ChainAnchor {
    const height = this.#blocks.length - 1;
    return { hash: this.#blocks[height] ?? '', height };
  }

  view(): AgentDependencies['chain'] {
    return {
      status: () => ({
        tip: this.tip,
        synced: this.synced,
        silentSeconds: 0,
        ...(this.trouble === undefined ? {} : { trouble: this.trouble }),
      }),
      watch: async (scripts) => {
        if (this.watchFails) throw new Error('the node does not answer');
        for (const script of scripts) this.watched.add(script);
      },
      outputs: (script) => ({
        anchor: this.tip,
        // As the real view: what was not searched shows nothing, and does not say so.
        outputs: [...this.#outputs.values()]
          .filter((held) => held.script === script && this.watched.has(script))
          .map((held) => this.#seen(held)),
      }),
      output: (outpoint) => {
        const held = this.#outputs.get(outpointText(outpoint));
        const known = held !== undefined && this.watched.has(held.script);
        return { anchor: this.tip, output: known ? this.#seen(held) : undefined };
      },
      isCanonical: ({ hash, height }) => this.#blocks[height] === hash,
      acceptBranch: (block) => void (this.accepted = block),
    };
  }

  fees(): AgentDependencies['fees'] {
    return { estimate: async () => this.estimate };
  }

  #seen({ outpoint, script, amountSats, height, spentBy }: Held): WatchedOutput {
    const { tip } = this;
    return {
      outpoint,
      script,
      amountSats,
      height,
      blockHash: this.#blocks[height] ?? '',
      confirmations: tip.height - height + 1,
      ...(spentBy === undefined
        ? {}
        : {
            spentBy: {
              ...spentBy,
              blockHash: this.#blocks[spentBy.height] ?? '',
              confirmations: tip.height - spentBy.height + 1,
            },
          }),
    };
  }
}
