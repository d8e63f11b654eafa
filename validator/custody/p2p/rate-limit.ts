/** Requests that one peer may make: a burst, then so many per second. */
export type RequestRate = { readonly burst: number; readonly perSecond: number };
export const REQUEST_RATE: RequestRate = { burst: 200, perSecond: 50 };

/** A token bucket per admitted peer; the allow-list bounds how many there are. */
export class RateLimit {
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();
  private readonly rate: RequestRate;
  private readonly clock: () => number;

  constructor(rate: RequestRate, clock: () => number) {
    this.rate = rate;
    this.clock = clock;
  }

  /** Takes one token; false when the peer has none left. */
  admit(peer: string): boolean {
    const nowMs = this.clock();
    const bucket = this.buckets.get(peer) ?? { tokens: this.rate.burst, atMs: nowMs };
    const earned = (Math.max(0, nowMs - bucket.atMs) / 1000) * this.rate.perSecond;
    bucket.tokens = Math.min(this.rate.burst, bucket.tokens + earned);
    bucket.atMs = nowMs;
    this.buckets.set(peer, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** What was admitted turned out to cost this peer nothing. */
  giveBack(peer: string): void {
    const bucket = this.buckets.get(peer);
    if (bucket !== undefined) bucket.tokens = Math.min(this.rate.burst, bucket.tokens + 1);
  }
}
