import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { toHex } from '../../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ChainEvent, ChainStatus, ChainView, WatchedOutput } from '../../../domain/ports/chain.ts';
import type { PortHealth } from '../../../domain/ports/context.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import { displayHex, txidOf } from './transaction.ts';
import type { MemoryBlock, MemoryWorld } from './world.ts';

/** Says what a `ChainView` means in the fewest words: everything is recomputed from the blocks at each question. */
export class MemoryView implements ChainView {
  readonly #world: MemoryWorld;
  readonly #depthMax: number;
  readonly #watched = new Map<string, number>();
  #blocks: readonly MemoryBlock[];
  #halted: string | undefined;
  #accepted: ChainAnchor | undefined;
  #unsubscribe: (() => void) | undefined;
  #moved = Promise.withResolvers<void>();

  constructor(world: MemoryWorld, depthMax: number) {
    this.#world = world;
    this.#depthMax = depthMax;
    this.#blocks = world.blocks;
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#world.onChange(() => this.#look());
    this.#look();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#announce();
  }

  async health(): Promise<PortHealth> {
    return this.#halted === undefined ? { state: 'ok' } : { state: 'down', reason: this.#halted };
  }

  status(): ChainStatus {
    const trouble =
      this.#halted === undefined ? {} : { trouble: { code: 'policy.reorg-too-deep', message: this.#halted } };
    return { tip: this.#anchor(), synced: this.#halted === undefined, silentSeconds: 0, ...trouble };
  }

  async watch(scripts: readonly string[], fromHeight: number): Promise<void> {
    const searchedFrom = Math.max(0, fromHeight - this.#depthMax);
    for (const script of scripts)
      this.#watched.set(script, Math.min(searchedFrom, this.#watched.get(script) ?? searchedFrom));
  }

  outputs(script: string): ReturnType<ChainView['outputs']> {
    const outputs = this.#blocks
      .flatMap((block) => this.#outputsIn(block))
      .filter((output) => output.script === script);
    return { anchor: this.#anchor(), outputs };
  }

  output({ txid, vout }: Outpoint): ReturnType<ChainView['output']> {
    const all = this.#blocks.flatMap((block) => this.#outputsIn(block));
    const output = all.find(({ outpoint }) => outpoint.txid === txid && outpoint.vout === vout);
    return { anchor: this.#anchor(), output };
  }

  isCanonical(block: ChainAnchor): boolean {
    return this.#blocks[block.height]?.hash === block.hash;
  }

  acceptBranch(block: ChainAnchor): void {
    if (this.#halted === undefined) return;
    this.#accepted = block;
    this.#look();
  }

  async *follow(cursor: ChainAnchor, signal: AbortSignal): AsyncIterable<ChainEvent> {
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve(), { once: true });
    let at = cursor;
    while (!signal.aborted) {
      const moved = this.#moved.promise;
      if (!this.isCanonical(at)) {
        const gone = this.#world.block(at.hash);
        if (gone === undefined || gone.height !== at.height) throw unknownCursor(at);
        yield { kind: 'rollback', block: at };
        at = { hash: gone.parent, height: gone.height - 1 };
        continue;
      }
      const block = this.#blocks[at.height + 1];
      if (block === undefined) {
        await Promise.race([moved, aborted.promise]);
        continue;
      }
      at = { hash: block.hash, height: block.height };
      yield { kind: 'connect', block: at, outputs: this.#outputsIn(block), spends: this.#spendsIn(block) };
    }
  }

  #look(): void {
    const next = this.#world.blocks;
    if (this.#halted !== undefined) {
      if (this.#accepted === undefined || next[this.#accepted.height]?.hash !== this.#accepted.hash) return;
      this.#halted = undefined;
      this.#accepted = undefined;
      this.#blocks = [...next];
      return this.#announce();
    }
    const firstDifferent = this.#blocks.findIndex((block, height) => next[height]?.hash !== block.hash);
    const depth = firstDifferent === -1 ? 0 : this.#blocks.length - firstDifferent;
    if (depth > this.#depthMax) {
      this.#halted = `a branch leaves ours ${depth} blocks below our tip, the bound is ${this.#depthMax}; nothing was rolled back`;
    } else {
      this.#blocks = [...next];
    }
    this.#announce();
  }

  #announce(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers<void>();
  }

  #anchor(): ChainAnchor {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new FirebreakFailure('not-yet.chain-view', 'the chain has no block');
    return { hash: tip.hash, height: tip.height };
  }

  #outputsIn(block: MemoryBlock): WatchedOutput[] {
    const tipHeight = this.#anchor().height;
    return block.transactions.flatMap((tx) =>
      tx.outputs.flatMap((output, vout) => {
        const script = toHex(output.script);
        if (block.height < (this.#watched.get(script) ?? Number.POSITIVE_INFINITY)) return [];
        const outpoint = { txid: txidOf(tx), vout };
        const place = { blockHash: block.hash, height: block.height, confirmations: tipHeight - block.height + 1 };
        const spentBy = this.#spender(outpoint, tipHeight);
        return [
          {
            outpoint,
            script,
            amountSats: Number(output.valueSats),
            ...place,
            ...(spentBy === undefined ? {} : { spentBy }),
          },
        ];
      }),
    );
  }

  #spender(outpoint: Outpoint, tipHeight: number): WatchedOutput['spentBy'] {
    for (const block of this.#blocks) {
      const tx = block.transactions.find(({ inputs }) => inputs.some((input) => isSame(input, outpoint)));
      if (tx === undefined) continue;
      const confirmations = tipHeight - block.height + 1;
      return { txid: txidOf(tx), blockHash: block.hash, height: block.height, confirmations };
    }
    return undefined;
  }

  #spendsIn(block: MemoryBlock): Outpoint[] {
    const spent = block.transactions.flatMap((tx) =>
      tx.inputs.map((i) => ({ txid: displayHex(i.prevHash), vout: i.prevVout })),
    );
    return spent.filter((outpoint) => this.output(outpoint).output !== undefined);
  }
}

const isSame = (input: { prevHash: Uint8Array; prevVout: number }, outpoint: Outpoint): boolean =>
  input.prevVout === outpoint.vout && displayHex(input.prevHash) === outpoint.txid;

const unknownCursor = (at: ChainAnchor): FirebreakFailure =>
  new FirebreakFailure('input.cursor', `block ${at.hash} at height ${at.height} was never seen; start from the tip`);
