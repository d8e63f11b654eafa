/** 2^22 bits: with 100,000 entries one question in forty passes for nothing, and half a megabyte stays in the cache. */
const BITS = 22;
const MASK = 2 ** BITS - 1;

/** "Certainly not there" in a few instructions, from three bytes of what is looked for; entries are never taken out. */
export class Sieve {
  readonly #bits = new Uint8Array(2 ** (BITS - 3));

  add(bytes: Uint8Array, at: number): void {
    const word = wordAt(bytes, at);
    this.#bits[word >>> 3] = (this.#bits[word >>> 3] ?? 0) | (1 << (word & 7));
  }

  mayHave(bytes: Uint8Array, at: number): boolean {
    const word = wordAt(bytes, at);
    return ((this.#bits[word >>> 3] ?? 0) & (1 << (word & 7))) !== 0;
  }
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)) & MASK;
