/** Buckets that are remembered at once; the longest unused one is forgotten first, which only ever forgives. */
const BUCKETS_MAX = 10_000;

/** How many events per minute each key may cause: a bucket that fills evenly and holds one minute's worth. */
export class Rates {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Takes one; otherwise says after how many seconds (at least 1) there is one again. */
  take(key: string, nowMs: number): { readonly ok: true } | { readonly ok: false; readonly retrySeconds: number } {
    const bucket = this.#filled(key, nowMs);
    if (bucket.left < 1)
      return { ok: false, retrySeconds: Math.max(1, Math.ceil(((1 - bucket.left) * 60) / this.#perMinute)) };
    bucket.left -= 1;
    return { ok: true };
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #filled(key: string, nowMs: number): { left: number; atMs: number } {
    const { left, atMs } = this.#buckets.get(key) ?? { left: this.#perMinute, atMs: nowMs };
    const grown = left + (Math.max(0, nowMs - atMs) * this.#perMinute) / 60_000;
    const bucket = { left: Math.min(this.#perMinute, grown), atMs: nowMs };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > BUCKETS_MAX) {
      const [oldest = ''] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
