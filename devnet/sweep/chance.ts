import { createHash } from 'node:crypto';

/** Whole numbers that follow from a seed: the same seed, the same sweep. */
export class Chance {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** From 0, below `limit`. */
  below(limit: number): number {
    this.#drawn += 1;
    const digest = createHash('sha256').update(`${this.#seed} ${this.#drawn}`).digest();
    return digest.readUIntBE(0, 6) % limit;
  }

  pick<T>(from: readonly T[]): T {
    const chosen = from[this.below(from.length)];
    if (chosen === undefined) throw new Error('there is nothing to choose from');
    return chosen;
  }
}
