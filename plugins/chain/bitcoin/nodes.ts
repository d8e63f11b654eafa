import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { NetworkParams } from './network-params.ts';
import { type NodeFacts, probeNode } from './probe.ts';
import type { NodeRpc } from './rpc.ts';

export type Node = { readonly rpc: NodeRpc; readonly facts: NodeFacts };

type Known = {
  readonly rpc: NodeRpc;
  facts?: NodeFacts;
  probedAtMs: number;
  failure?: FirebreakFailure;
  failures: number;
  retryAtMs: number;
};

/** A node whose answers contradict themselves is not asked again for a while, even when it is the only one. */
const LIAR_PAUSE_MS = 5_000;
const PAUSE_MS_MAX = 5_000;
const PROBE_AGAIN_MS = 10_000;

/**
 * The configured nodes in their order. A walk uses one of them from beginning to end, so that answers are never mixed;
 * the next one is taken only when an earlier one fails, and the earlier one is tried again after a pause.
 */
export class NodePool {
  readonly #nodes: readonly Known[];
  readonly #params: NetworkParams;
  readonly #pauseMs: number;
  #inUse: string | undefined;
  #answeredAtMs = Date.now();

  constructor(rpcs: readonly NodeRpc[], params: NetworkParams, pauseMs: number) {
    this.#nodes = rpcs.map((rpc) => ({ rpc, probedAtMs: 0, failures: 0, retryAtMs: 0 }));
    this.#params = params;
    this.#pauseMs = pauseMs;
  }

  /** Name of the node that answers come from now. */
  get inUse(): string | undefined {
    return this.#inUse;
  }

  get silentSeconds(): number {
    return Math.floor((Date.now() - this.#answeredAtMs) / 1_000);
  }

  /** The first node that is fit; throws the failure of the first configured one when none is. */
  async pick(signal: AbortSignal): Promise<Node> {
    for (const known of this.#nodes) {
      if (known.failure !== undefined && Date.now() < known.retryAtMs) continue;
      try {
        const facts = await this.#factsOf(known, signal);
        this.#inUse = known.rpc.name;
        return { rpc: known.rpc, facts };
      } catch (cause) {
        signal.throwIfAborted();
        this.#failed(known, cause);
      }
    }
    this.#inUse = undefined;
    throw this.#nodes.find((known) => known.failure !== undefined)?.failure ?? noNodes();
  }

  /** After a walk that worked. */
  praise(rpc: NodeRpc): void {
    this.#answeredAtMs = Date.now();
    for (const known of this.#nodes) {
      if (known.rpc !== rpc) continue;
      delete known.failure;
      known.failures = 0;
    }
  }

  /** After a walk that failed at this node. */
  blame(rpc: NodeRpc, cause: unknown): void {
    for (const known of this.#nodes) if (known.rpc === rpc) this.#failed(known, cause);
  }

  /** Nodes that lie or are on another network are trouble even while another node serves. */
  disgraced(): FirebreakFailure | undefined {
    return this.#nodes.find((known) => known.failure?.family === 'policy')?.failure;
  }

  /** Every configured node in order, and what failed at it last; nothing once it served. */
  everyone(): readonly { readonly rpc: NodeRpc; readonly failure: FirebreakFailure | undefined }[] {
    return this.#nodes.map(({ rpc, failure }) => ({ rpc, failure }));
  }

  /** Fit nodes in order, for effects that may be offered to each of them. */
  all(): readonly NodeRpc[] {
    const fit = this.#nodes.filter((known) => known.failure?.family !== 'policy');
    return fit.map((known) => known.rpc);
  }

  async #factsOf(known: Known, signal: AbortSignal): Promise<NodeFacts> {
    const fresh = Date.now() - known.probedAtMs < PROBE_AGAIN_MS && known.failure === undefined;
    if (fresh && known.facts !== undefined && !known.facts.syncing) return known.facts;
    const facts = await probeNode(known.rpc, this.#params, signal);
    known.facts = facts;
    known.probedAtMs = Date.now();
    this.#answeredAtMs = Date.now();
    return facts;
  }

  #failed(known: Known, cause: unknown): void {
    const failure = cause instanceof FirebreakFailure ? cause : unexpected(known.rpc.name, cause);
    known.failure = failure;
    const pause = Math.min(this.#pauseMs * 2 ** known.failures, PAUSE_MS_MAX);
    known.failures = Math.min(known.failures + 1, 10);
    known.retryAtMs =
      Date.now() + (failure.code === 'policy.node-lies' ? Math.min(LIAR_PAUSE_MS, this.#pauseMs * 10) : pause);
  }
}

const noNodes = (): FirebreakFailure =>
  new FirebreakFailure('unavailable.node-down', 'no Bitcoin node has been asked yet; wait for the next poll');

const unexpected = (node: string, cause: unknown): FirebreakFailure =>
  new FirebreakFailure(
    'unavailable.node-garbled',
    `Bitcoin node ${node}: an answer could not be used`,
    { node },
    { cause },
  );
