import { Transaction } from 'bitcoinjs-lib';
import type { ChainAnchor } from '../../domain/ceremony/ceremony.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import type { Outpoint, Sats } from '../../domain/vault/terms.ts';
import { displayHex, internalBytes } from '../../plugins/chain/bitcoin/merkle.ts';
import { callForResult, type NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import type { DevChain, ForkOptions } from '../../plugins/testkit/dev-chain.ts';
import { buildBlock } from './block-builder.ts';
import type { Faucet } from './faucet.ts';
import { type Coin, Ledger, type LedgerBlock } from './ledger.ts';
import { mempoolOf } from './mempool.ts';
import { submitToAll } from './submit.ts';

const FUNDING_FEE_SATS = 2_000n;
const CANCEL_FEE_SATS = 10_000n;
const MINE_BLOCKS_MAX = 1_000;

/**
 * Regtest nodes under our control. Blocks are built here and handed to every node with `submitblock`, so that a prepared fork
 * takes the same code path in the nodes as one that comes from the network. Calls are served one after another.
 */
export class RegtestDevChain implements DevChain {
  readonly #nodes: readonly NodeRpc[];
  readonly #faucet: Faucet;
  readonly #ledger: Ledger;
  /** Coins in transactions that no block has yet. */
  readonly #reserved = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(nodes: readonly NodeRpc[], faucet: Faucet) {
    this.#nodes = nodes;
    this.#faucet = faucet;
    this.#ledger = new Ledger(faucet.script);
  }

  /** Mines until the faucet has coins that can be spent; nothing to do on a second start. */
  prepare(matureCoins = 5): Promise<void> {
    return this.#inTurn(async () => {
      await this.#sync();
      for (let mined = 0; this.#ledger.spendable().length < matureCoins && mined < MINE_BLOCKS_MAX; mined++) {
        await this.#extend([]);
      }
    });
  }

  tip(): Promise<ChainAnchor> {
    return this.#inTurn(async () => {
      await this.#sync();
      return anchorOf(this.#ledger.tip);
    });
  }

  fund(script: string, amountSats: Sats): Promise<Outpoint> {
    return this.#inTurn(async () => {
      await this.#sync();
      const coins = this.#choose(BigInt(amountSats) + FUNDING_FEE_SATS);
      const output = { script: fromHex(script, 'script'), valueSats: BigInt(amountSats) };
      const transaction = this.#faucet.spend(coins, [output], FUNDING_FEE_SATS);
      const txid = await this.#broadcast(transaction.toHex());
      for (const coin of coins) this.#reserved.add(coinKey(coin));
      return { txid, vout: 0 };
    });
  }

  pay(transaction: Uint8Array): Promise<string> {
    return this.#inTurn(() => this.#broadcast(Buffer.from(transaction).toString('hex')));
  }

  mine(blocks: number): Promise<readonly ChainAnchor[]> {
    if (blocks > MINE_BLOCKS_MAX) throw new Error(`at most ${MINE_BLOCKS_MAX} blocks at a time`);
    return this.#inTurn(async () => {
      const mined: ChainAnchor[] = [];
      for (let i = 0; i < blocks; i++) {
        await this.#sync();
        const waiting = i === 0 ? await mempoolOf(this.#nodes, this.#ledger) : [];
        mined.push(await this.#extend(waiting));
      }
      return mined;
    });
  }

  forkFrom(height: number, blocks: number, options: ForkOptions = {}): Promise<readonly ChainAnchor[]> {
    return this.#inTurn(async () => {
      await this.#sync();
      const replaced = this.#ledger.above(height);
      const include = (options.include ?? []).map((bytes) => Transaction.fromBuffer(bytes));
      const rest = options.drop === true ? this.#cancellations(replaced) : transactionsOf(replaced);
      const first = withoutConflicts([...include, ...rest]);
      const branch = this.#ledger.recent(height);
      const anchors: ChainAnchor[] = [];
      for (let i = 0; i < blocks; i++) anchors.push(await this.#build(branch, height + 1 + i, i === 0 ? first : []));
      await this.#sync();
      return anchors;
    });
  }

  async #extend(transactions: readonly Transaction[]): Promise<ChainAnchor> {
    const tip = this.#ledger.tip;
    const anchor = await this.#build(this.#ledger.recent(tip.height), tip.height + 1, transactions);
    await this.#sync();
    return anchor;
  }

  /** Builds on the last block of `branch`, submits, and appends the new block to `branch`. */
  async #build(branch: LedgerBlock[], height: number, transactions: readonly Transaction[]): Promise<ChainAnchor> {
    const parent = branch.at(-1);
    if (parent === undefined) throw new Error('a branch starts on a known block');
    const timeSeconds = Math.max(this.#ledger.medianTimeSeconds(branch) + 1, Math.floor(Date.now() / 1000));
    const block = buildBlock({
      parentHash: internalBytes(parent.hash),
      height,
      timeSeconds,
      coinbaseScript: this.#faucet.script,
      transactions,
    });
    const hash = displayHex(block.hash);
    await submitToAll(this.#nodes, block.bytes, hash);
    branch.push({ hash, parent: parent.hash, height, timeSeconds, transactions });
    return { hash, height };
  }

  /** For each of the faucet's own payments in the replaced blocks, one that spends the same coins back to the faucet. */
  #cancellations(replaced: readonly LedgerBlock[]): Transaction[] {
    return replaced.flatMap((block) =>
      block.transactions.slice(1).flatMap((transaction) => {
        const coins = this.#ledger.coinsSpentBy(transaction, block.height);
        const old = coins?.every((coin) => coin.height < (replaced[0]?.height ?? 0)) === true;
        return coins !== undefined && old ? [this.#faucet.spend(coins, [], CANCEL_FEE_SATS)] : [];
      }),
    );
  }

  #choose(neededSats: bigint): Coin[] {
    const free = this.#ledger.spendable().filter((coin) => !this.#reserved.has(coinKey(coin)));
    free.sort((a, b) => (a.valueSats < b.valueSats ? -1 : 1));
    const single = free.find((coin) => coin.valueSats >= neededSats);
    if (single !== undefined) return [single];
    const chosen: Coin[] = [];
    let sum = 0n;
    for (const coin of free.reverse()) {
      if (sum >= neededSats) break;
      chosen.push(coin);
      sum += coin.valueSats;
    }
    if (sum < neededSats)
      throw new Error(`the faucet has ${sum} spendable sats, ${neededSats} are needed: mine more blocks`);
    return chosen;
  }

  async #broadcast(hex: string): Promise<string> {
    return String(await callForResult(await this.#alive(), 'sendrawtransaction', [hex]));
  }

  async #sync(): Promise<void> {
    await this.#ledger.sync(await this.#alive());
    const unspent = new Set(this.#ledger.spendable().map(coinKey));
    for (const key of this.#reserved) if (!unspent.has(key)) this.#reserved.delete(key);
  }

  /** Faults kill nodes, and one that was killed comes back with fewer blocks: the highest speaks for the chain. */
  async #alive(): Promise<NodeRpc> {
    let best: { readonly node: NodeRpc; readonly height: number } | undefined;
    for (const node of this.#nodes) {
      const answer = await node.call('getblockcount', []).catch(() => undefined);
      const height = answer?.ok === true ? Number(answer.result) : -1;
      if (height > (best?.height ?? -1)) best = { node, height };
    }
    if (best === undefined) throw new Error('no Bitcoin node of the devnet answers');
    return best.node;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

const anchorOf = (block: LedgerBlock): ChainAnchor => ({ hash: block.hash, height: block.height });
const coinKey = (coin: Coin): string => `${coin.txid}:${coin.vout}`;
const transactionsOf = (blocks: readonly LedgerBlock[]): Transaction[] =>
  blocks.flatMap((block) => block.transactions.slice(1));

/** The first spender of an outpoint stays; so do only those whose parents stayed. */
function withoutConflicts(transactions: readonly Transaction[]): Transaction[] {
  const spent = new Set<string>();
  const gone = new Set<string>();
  return transactions.filter((transaction) => {
    const inputs = transaction.ins.map((input) => ({
      txid: displayHex(input.hash),
      key: `${displayHex(input.hash)}:${input.index}`,
    }));
    if (inputs.some(({ txid, key }) => spent.has(key) || gone.has(txid))) {
      gone.add(transaction.getId());
      return false;
    }
    for (const { key } of inputs) spent.add(key);
    return true;
  });
}
