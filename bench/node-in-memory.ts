import type { Node } from '../plugins/chain/bitcoin/nodes.ts';
import type { RpcAnswer } from '../plugins/chain/bitcoin/rpc.ts';

type Known = { readonly hash: string; readonly height: number; readonly bytes: Buffer };

/** A Bitcoin node that answers at once from memory, in the form of the RPC: no socket, no JSON, only the text of the bytes. */
export class NodeInMemory {
  readonly #blocks = new Map<string, { readonly height: number; readonly hex: string }>();
  readonly #genesis: string;
  #best: string;

  constructor(genesis: Known) {
    this.#genesis = genesis.hash;
    this.#best = genesis.hash;
    this.add(genesis);
  }

  /** Known, but not yet on the best chain. */
  add({ hash, height, bytes }: Known): void {
    this.#blocks.set(hash, { height, hex: bytes.toString('hex') });
  }

  select(hash: string): void {
    this.#best = hash;
  }

  /** What `getblock` gives: hexadecimal text. */
  textOf(hash: string): string {
    return this.#blocks.get(hash)?.hex ?? '';
  }

  asNode(): Node {
    const call = async (method: string, params: readonly unknown[]): Promise<RpcAnswer> => this.#answer(method, params);
    return {
      rpc: { name: 'memory', call },
      facts: { genesis: this.#genesis, pruned: false, syncing: false },
    };
  }

  #answer(method: string, [hash, verbose]: readonly unknown[]): RpcAnswer {
    if (method === 'getbestblockhash') return { ok: true, result: this.#best };
    const block = this.#blocks.get(String(hash));
    if (block === undefined) return { ok: false, code: -5, message: 'Block not found' };
    if (method === 'getblockheader' && verbose === true) return { ok: true, result: { height: block.height } };
    if (method === 'getblockheader') return { ok: true, result: block.hex.slice(0, 160) };
    return { ok: true, result: block.hex };
  }
}
