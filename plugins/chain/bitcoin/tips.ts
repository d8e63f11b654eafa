import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { workFault } from './header.ts';
import type { NetworkParams } from './network-params.ts';
import { probeNode } from './probe.ts';
import type { NodeRpc } from './rpc.ts';
import { bestBlock, bestHash, headerByHash, lie } from './walk.ts';

/** Our own chain, to hold what a node says against. */
export type OwnChain = { tip(): ChainAnchor | undefined; heightOf(hash: string): number | undefined };

/** What one node was found to be, when it was last asked beside the walk. */
type Found = {
  readonly hash?: string;
  readonly height?: number;
  /** Against our chain, in words after the name of the node. */
  readonly says: string;
  readonly failure?: FirebreakFailure;
  /** Our tip that this was said about. */
  readonly against?: string;
};

/** How far down headers are asked to find where a node left our chain. */
const HEADERS_DOWN_MAX = 24;

/** Watches whether several nodes agree on the tip, and how they differ; beside the walk, so that a hung node does not hold it up. */
export class TipComparison {
  readonly #limitMs: number;
  readonly #params: NetworkParams;
  readonly #ours: OwnChain;
  readonly #found = new Map<string, Found>();
  #differSinceMs: number | undefined;
  #asking = false;

  constructor(limitMs: number, params: NetworkParams, ours: OwnChain) {
    this.#limitMs = limitMs;
    this.#params = params;
    this.#ours = ours;
  }

  /** Asks all nodes once, unless the last question is still open. Never rejects. */
  async ask(nodes: readonly NodeRpc[], signal: AbortSignal): Promise<void> {
    if (this.#asking || nodes.length < 2) return;
    this.#asking = true;
    try {
      const asked = new Set(nodes.map(({ name }) => name));
      for (const name of this.#found.keys()) if (!asked.has(name)) this.#found.delete(name);
      await Promise.all(nodes.map(async (node) => this.#found.set(node.name, await this.#find(node, signal))));
      const tips = new Set([...this.#found.values()].flatMap(({ hash }) => hash ?? []));
      if (tips.size < 2) this.#differSinceMs = undefined;
      else this.#differSinceMs ??= Date.now();
    } finally {
      this.#asking = false;
    }
  }

  of(node: string): Found | undefined {
    return this.#found.get(node);
  }

  /** Whether it has had another tip than we for too long, with whoever else has. */
  isApart(node: string): boolean {
    const hash = this.#found.get(node)?.hash;
    return this.#isLong() && hash !== undefined && hash !== this.#ours.tip()?.hash;
  }

  trouble(): FirebreakFailure | undefined {
    // One that lies or is on another network is no matter of time.
    const fraud = [...this.#found.values()].find(({ failure }) => failure?.family === 'policy')?.failure;
    if (fraud !== undefined) return fraud;
    if (!this.#isLong()) return undefined;
    const each = [...this.#found].map(([name, { says }]) => `${name} ${says}`).join('; ');
    return new FirebreakFailure(
      'unavailable.nodes-disagree',
      `the Bitcoin nodes have reported different tips for more than ${this.#limitMs} ms: ${each}`,
      { sinceMs: this.#differSinceMs ?? 0 },
    );
  }

  #isLong(): boolean {
    return this.#differSinceMs !== undefined && Date.now() - this.#differSinceMs >= this.#limitMs;
  }

  async #find(node: NodeRpc, signal: AbortSignal): Promise<Found> {
    const before = this.#found.get(node.name);
    try {
      const hash = await bestHash(node, signal);
      const against = this.#ours.tip()?.hash ?? '';
      if (before?.hash === hash && before.against === against) return before;
      const height = this.#ours.heightOf(hash);
      if (height !== undefined) return { hash, height, against, says: this.#placed(hash, height) };
      return { ...(await this.#elsewhere(node, signal)), against };
    } catch (cause) {
      if (!(cause instanceof FirebreakFailure)) return { says: 'could not be asked' };
      return { says: `does not answer as it should (${cause.code})`, failure: cause };
    }
  }

  #placed(hash: string, height: number): string {
    const behind = (this.#ours.tip()?.height ?? height) - height;
    const block = `block ${hash.slice(0, 16)} at ${height}`;
    return behind === 0 ? `has our tip, ${block}` : `is ${behind} blocks behind us, at ${block}`;
  }

  /** Its best block is not among ours: on which network it is, with what work, and where it left. */
  async #elsewhere(node: NodeRpc, signal: AbortSignal): Promise<Omit<Found, 'against'>> {
    await probeNode(node, this.#params, signal);
    const best = await bestBlock(node, signal);
    const block = `block ${best.hash.slice(0, 16)} at ${best.height}`;
    let { hash } = best;
    for (let steps = 0; steps < HEADERS_DOWN_MAX; steps++) {
      const header = await headerByHash(node, hash, signal);
      const fault = workFault(header, this.#params);
      if (fault !== undefined) throw lie(node, hash, fault);
      hash = header.parent;
      const fork = this.#ours.heightOf(hash);
      if (fork === undefined) continue;
      const ours = this.#ours.tip()?.height ?? fork;
      const says =
        fork === ours
          ? `is ${steps + 1} blocks ahead of us, at ${block}`
          : `left our chain after block ${fork}, and is at ${block}`;
      return { ...best, says };
    }
    return { ...best, says: `left our chain more than ${HEADERS_DOWN_MAX} blocks ago, and is at ${block}` };
  }
}
