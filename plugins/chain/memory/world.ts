import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Outpoint, Sats } from '../../../domain/vault/terms.ts';
import { displayHex, readTx, type Tx, type TxOutput, txidOf, vsizeOf } from './transaction.ts';
import { checkReplacement, checkSpend, feeOf } from './spend-rules.ts';

export type MemoryBlock = ChainAnchor & { readonly parent: string; readonly transactions: readonly Tx[] };

/** Shaped like `DevChain` of the test kit without importing it: tests are not part of a plug-in. */
type ForkOptions = { readonly include?: readonly Uint8Array[]; readonly drop?: boolean };

const BLOCKS_PER_CALL_MAX = 1_000;
/** P2TR script that nobody can spend: cancelled payments of the faucet end here. */
const BURN = new Uint8Array([0x51, 0x20, ...new Uint8Array(32).fill(2)]);
const keyOf = (hash: Uint8Array, vout: number): string => `${displayHex(hash)}:${vout}`;

/**
 * A Bitcoin chain without a network: blocks, a mempool and a faucet, deterministic to the last hash.
 * Several plug-ins may look at one world, as several validators look at one network.
 */
export class MemoryWorld {
  #blocks: MemoryBlock[] = [
    { hash: toHex(sha256(utf8ToBytes('memory genesis'))), height: 0, parent: '00'.repeat(32), transactions: [] },
  ];
  readonly #known = new Map<string, MemoryBlock>(this.#blocks.map((block) => [block.hash, block]));
  readonly #mempool = new Map<string, Tx>();
  /** Of what `accept` let in. */
  readonly #fees = new Map<string, bigint>();
  #crowdSatsPerKvb = 0;
  readonly #faucet = new Map<string, TxOutput>();
  readonly #listeners = new Set<() => void>();
  #made = 0;

  /** Genesis first. */
  get blocks(): readonly MemoryBlock[] {
    return this.#blocks;
  }

  get mempool(): ReadonlyMap<string, Tx> {
    return this.#mempool;
  }

  /** Every block there ever was, also replaced ones. */
  block(hash: string): MemoryBlock | undefined {
    return this.#known.get(hash);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async tip(): Promise<ChainAnchor> {
    return anchorOf(this.#tip());
  }

  async fund(script: string, amountSats: Sats): Promise<Outpoint> {
    const tx = this.#faucetPayment(this.#mint(amountSats), fromHex(script, 'script'), BigInt(amountSats));
    const txid = txidOf(tx);
    this.#mempool.set(txid, tx);
    return { txid, vout: 0 };
  }

  async pay(transaction: Uint8Array): Promise<string> {
    return this.accept(readTx(transaction));
  }

  /** Into the mempool by the rules of a node; throws `policy.transaction-refused` with the reason. */
  accept(tx: Tx): string {
    const txid = txidOf(tx);
    if (this.#mempool.has(txid)) throw refused(txid, 'already in the mempool');
    const replaced = this.#replacedBy(tx);
    const prevouts = tx.inputs.map((input) => this.#unspent(input.prevHash, input.prevVout, replaced));
    const known = prevouts.filter((prevout) => prevout !== undefined);
    if (known.length < prevouts.length) throw refused(txid, 'missing or spent inputs');
    const feeSats = feeOf(tx, known);
    const others = [...replaced].map(([id, one]) => ({ tx: one, feeSats: this.#fees.get(id) ?? 0n }));
    const reason = checkSpend(tx, known) ?? checkReplacement(tx, feeSats, others) ?? this.#tooCheap(tx, feeSats);
    if (reason !== undefined) throw refused(txid, reason);
    for (const id of replaced.keys()) this.#mempool.delete(id);
    this.#mempool.set(txid, tx);
    this.#fees.set(txid, feeSats);
    return txid;
  }

  get crowdSatsPerKvb(): number {
    return this.#crowdSatsPerKvb;
  }

  /** Others pay so much: what pays less is not taken into the mempool, and what is in it falls out. Zero: nobody competes. */
  crowd(satsPerKvb: number): void {
    this.#crowdSatsPerKvb = satsPerKvb;
    for (const [txid, tx] of this.#mempool) {
      const feeSats = this.#fees.get(txid);
      if (feeSats !== undefined && this.#tooCheap(tx, feeSats) !== undefined) this.#mempool.delete(txid);
    }
  }

  #tooCheap(tx: Tx, feeSats: bigint): string | undefined {
    return feeSats * 1_000n < BigInt(this.#crowdSatsPerKvb * vsizeOf(tx))
      ? 'pays less than the mempool takes'
      : undefined;
  }

  /** What waits for a block and spends one of the same outputs. */
  #replacedBy(tx: Tx): ReadonlyMap<string, Tx> {
    const spent = new Set(tx.inputs.map((input) => keyOf(input.prevHash, input.prevVout)));
    return new Map(
      [...this.#mempool].filter(([, one]) =>
        one.inputs.some((input) => spent.has(keyOf(input.prevHash, input.prevVout))),
      ),
    );
  }

  async mine(blocks: number): Promise<readonly ChainAnchor[]> {
    if (blocks > BLOCKS_PER_CALL_MAX) throw new Error(`at most ${BLOCKS_PER_CALL_MAX} blocks at a time`);
    const mined: ChainAnchor[] = [];
    for (let i = 0; i < blocks; i++) {
      const block = this.#make(this.#tip(), [...this.#mempool.values()]);
      this.#mempool.clear();
      this.#blocks.push(block);
      mined.push(anchorOf(block));
    }
    this.#announce();
    return mined;
  }

  async forkFrom(height: number, blocks: number, options: ForkOptions = {}): Promise<readonly ChainAnchor[]> {
    const parent = this.#blocks[height];
    if (parent === undefined || blocks > BLOCKS_PER_CALL_MAX)
      throw new Error(`cannot fork ${blocks} blocks at ${height}`);
    const replaced = this.#blocks.slice(height + 1).flatMap((block) => block.transactions);
    const rest = options.drop === true ? replaced.flatMap((tx) => this.#cancellation(tx)) : replaced;
    const first = withoutConflicts([...(options.include ?? []).map(readTx), ...rest]);
    const branch: MemoryBlock[] = [];
    for (let i = 0; i < blocks; i++) branch.push(this.#make(branch.at(-1) ?? parent, i === 0 ? first : []));
    if (height + blocks > this.#tip().height) this.#replace(height, branch, replaced);
    return branch.map(anchorOf);
  }

  #replace(height: number, branch: readonly MemoryBlock[], replaced: readonly Tx[]): void {
    this.#blocks = [...this.#blocks.slice(0, height + 1), ...branch];
    // As nodes do: what lost its block waits again, unless it can no longer be spent.
    const waiting = [...replaced, ...this.#mempool.values()];
    this.#mempool.clear();
    for (const tx of waiting) {
      const txid = txidOf(tx);
      const possible = tx.inputs.every((input) => this.#unspent(input.prevHash, input.prevVout) !== undefined);
      if (possible && !this.#mempool.has(txid)) this.#mempool.set(txid, tx);
    }
    this.#announce();
  }

  #make(parent: MemoryBlock, transactions: readonly Tx[]): MemoryBlock {
    this.#made += 1;
    const content = `${parent.hash} ${this.#made} ${transactions.map(txidOf).join(' ')}`;
    const block = {
      hash: toHex(sha256(utf8ToBytes(content))),
      height: parent.height + 1,
      parent: parent.hash,
      transactions,
    };
    this.#known.set(block.hash, block);
    return block;
  }

  #mint(amountSats: Sats): Uint8Array {
    const hash = sha256(utf8ToBytes(`faucet ${this.#faucet.size}`));
    this.#faucet.set(keyOf(hash, 0), { valueSats: BigInt(amountSats) + 1_000n, script: BURN });
    return hash;
  }

  #faucetPayment(prevHash: Uint8Array, script: Uint8Array, valueSats: bigint): Tx {
    const input = { prevHash, prevVout: 0, scriptSig: new Uint8Array(), sequence: 0xfffffffd, witness: [] };
    return { version: 2, lockTime: 0, inputs: [input], outputs: [{ valueSats, script }] };
  }

  /** Only the faucet's own payments can be cancelled; everything else just waits again. */
  #cancellation(tx: Tx): Tx[] {
    const [input] = tx.inputs;
    if (input === undefined || !this.#faucet.has(keyOf(input.prevHash, input.prevVout))) return [];
    return [this.#faucetPayment(input.prevHash, BURN, 1_000n)];
  }

  /** An output that the chain or the mempool has and neither spends. */
  #unspent(
    prevHash: Uint8Array,
    prevVout: number,
    replaced: ReadonlyMap<string, Tx> = new Map(),
  ): TxOutput | undefined {
    const key = keyOf(prevHash, prevVout);
    const txid = displayHex(prevHash);
    let found = this.#faucet.get(key);
    for (const tx of [...this.#blocks.flatMap((block) => block.transactions), ...this.#mempool.values()]) {
      if (txidOf(tx) === txid) found = tx.outputs[prevVout];
      if (replaced.has(txidOf(tx))) continue;
      if (tx.inputs.some((input) => keyOf(input.prevHash, input.prevVout) === key)) return undefined;
    }
    return found;
  }

  #tip(): MemoryBlock {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new Error('a chain has at least its genesis');
    return tip;
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

const anchorOf = (block: MemoryBlock): ChainAnchor => ({ hash: block.hash, height: block.height });
const refused = (txid: string, reason: string): FirebreakFailure =>
  new FirebreakFailure('policy.transaction-refused', `transaction ${txid} was refused: ${reason}`, { txid });

function withoutConflicts(transactions: readonly Tx[]): Tx[] {
  const spent = new Set<string>();
  const gone = new Set<string>();
  return transactions.filter((tx) => {
    const keys = tx.inputs.map((input) => keyOf(input.prevHash, input.prevVout));
    const orphan = tx.inputs.some((input) => gone.has(displayHex(input.prevHash)));
    if (orphan || keys.some((key) => spent.has(key))) {
      gone.add(txidOf(tx));
      return false;
    }
    for (const key of keys) spent.add(key);
    return true;
  });
}
