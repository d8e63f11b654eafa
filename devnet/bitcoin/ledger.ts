import { Block, type Transaction } from 'bitcoinjs-lib';
import { displayHex } from '../../plugins/chain/bitcoin/merkle.ts';
import { callForResult, type NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';

export type LedgerBlock = {
  readonly hash: string;
  readonly parent: string;
  readonly height: number;
  readonly timeSeconds: number;
  readonly transactions: readonly Transaction[];
};

/** An unspent output of the faucet; `coinbase` ones can be spent a hundred blocks later. */
export type Coin = {
  readonly txid: string;
  readonly vout: number;
  readonly valueSats: bigint;
  readonly height: number;
  readonly coinbase: boolean;
};

const MATURITY_BLOCKS = 100;

/** The canonical regtest chain of one node in memory: what is unspent in it, and which of that the faucet can spend. */
export class Ledger {
  readonly #blocks: LedgerBlock[] = [];
  readonly #coins = new Map<string, Coin>();
  /** Of everybody. */
  readonly #unspent = new Set<string>();
  readonly #spentBy: Map<string, Coin>[] = [];
  readonly #script: Buffer;

  constructor(faucetScript: Uint8Array) {
    this.#script = Buffer.from(faucetScript);
  }

  get tip(): LedgerBlock {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new Error('the ledger is empty: call sync first');
    return tip;
  }

  at(height: number): LedgerBlock {
    const block = this.#blocks[height];
    if (block === undefined)
      throw new Error(`no canonical block at height ${height}; the tip is at ${this.tip.height}`);
    return block;
  }

  above(height: number): readonly LedgerBlock[] {
    return this.#blocks.slice(height + 1);
  }

  /** Median of the last eleven block times up to `block`: the next block must be later (consensus rule). */
  medianTimeSeconds(branch: readonly LedgerBlock[]): number {
    const times = branch.slice(-11).map((block) => block.timeSeconds);
    return times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  }

  /** The last eleven canonical blocks up to `height`, lowest first. */
  recent(height: number): LedgerBlock[] {
    return this.#blocks.slice(Math.max(0, height - 10), height + 1);
  }

  isUnspent(outpoint: string): boolean {
    return this.#unspent.has(outpoint);
  }

  spendable(): Coin[] {
    const next = this.tip.height + 1;
    return [...this.#coins.values()].filter((coin) => !coin.coinbase || next - coin.height >= MATURITY_BLOCKS);
  }

  /** The faucet's coins that `transaction` spends in a canonical block at `height`, or undefined when it spends others' too. */
  coinsSpentBy(transaction: Transaction, height: number): readonly Coin[] | undefined {
    const spent = transaction.ins.map((input) =>
      this.#spentBy[height]?.get(`${displayHex(input.hash)}:${input.index}`),
    );
    return spent.every((coin) => coin !== undefined) ? spent : undefined;
  }

  /** Follows the node's best chain: drops what it left, adds what is new. */
  async sync(rpc: NodeRpc): Promise<void> {
    const fresh: LedgerBlock[] = [];
    let hash = String(await callForResult(rpc, 'getbestblockhash', []));
    let known = this.#heightOf(hash);
    while (known === undefined) {
      const block = await this.#read(rpc, hash);
      fresh.push(block);
      if (/^0+$/.test(block.parent)) break;
      hash = block.parent;
      known = this.#heightOf(hash);
    }
    while (this.#blocks.length > (known ?? -1) + 1) this.#disconnect();
    for (const block of fresh.reverse()) this.#connect({ ...block, height: this.#blocks.length });
  }

  #heightOf(hash: string): number | undefined {
    const height = this.#blocks.findLastIndex((block) => block.hash === hash);
    return height === -1 ? undefined : height;
  }

  async #read(rpc: NodeRpc, hash: string): Promise<LedgerBlock> {
    const hex = String(await callForResult(rpc, 'getblock', [hash, 0]));
    const block = Block.fromHex(hex);
    const parent = displayHex(block.prevHash ?? Buffer.alloc(32));
    return { hash, parent, height: -1, timeSeconds: block.timestamp, transactions: block.transactions ?? [] };
  }

  #connect(block: LedgerBlock): void {
    const spent = new Map<string, Coin>();
    block.transactions.forEach((transaction, position) => {
      for (const input of transaction.ins) {
        const key = `${displayHex(input.hash)}:${input.index}`;
        const coin = this.#coins.get(key);
        if (coin !== undefined) spent.set(key, coin);
        this.#coins.delete(key);
        this.#unspent.delete(key);
      }
      transaction.outs.forEach((output, vout) => {
        this.#unspent.add(`${transaction.getId()}:${vout}`);
        if (output.value === 0n || !this.#script.equals(output.script)) return;
        const txid = transaction.getId();
        const coin = { txid, vout, valueSats: output.value, height: block.height, coinbase: position === 0 };
        this.#coins.set(`${txid}:${vout}`, coin);
      });
    });
    this.#spentBy.push(spent);
    this.#blocks.push(block);
  }

  #disconnect(): void {
    const block = this.#blocks.pop();
    const spent = this.#spentBy.pop();
    // Backwards: what a later transaction of the block spent of an earlier one goes with the earlier one.
    for (const transaction of block?.transactions.toReversed() ?? []) {
      for (const input of transaction.ins) this.#unspent.add(`${displayHex(input.hash)}:${input.index}`);
      const txid = transaction.getId();
      for (let vout = 0; vout < transaction.outs.length; vout++) {
        this.#coins.delete(`${txid}:${vout}`);
        this.#unspent.delete(`${txid}:${vout}`);
      }
    }
    for (const [key, coin] of spent ?? []) {
      // A coin that this very block also created does not come back.
      if (coin.height < (block?.height ?? 0)) this.#coins.set(key, coin);
    }
  }
}
