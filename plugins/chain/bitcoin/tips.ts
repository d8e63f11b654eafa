import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { NodeRpc } from './rpc.ts';
import { bestHash } from './walk.ts';

/** Watches whether several nodes agree on the tip; beside the walk, so that a hung node does not hold it up. */
export class TipComparison {
  readonly #limitMs: number;
  #differSinceMs: number | undefined;
  #asking = false;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Asks all nodes once, unless the last question is still open. Never rejects. */
  async ask(nodes: readonly NodeRpc[], signal: AbortSignal): Promise<void> {
    if (this.#asking || nodes.length < 2) return;
    this.#asking = true;
    try {
      const answers = await Promise.allSettled(nodes.map((node) => bestHash(node, signal)));
      const tips = new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
      if (tips.size < 2) this.#differSinceMs = undefined;
      else this.#differSinceMs ??= Date.now();
    } finally {
      this.#asking = false;
    }
  }

  trouble(): FirebreakFailure | undefined {
    if (this.#differSinceMs === undefined || Date.now() - this.#differSinceMs < this.#limitMs) return undefined;
    return new FirebreakFailure(
      'unavailable.nodes-disagree',
      `the Bitcoin nodes have reported different tips for more than ${this.#limitMs} ms; find out which one is cut off`,
      { sinceMs: this.#differSinceMs },
    );
  }
}
