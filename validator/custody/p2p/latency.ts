import type { ValidatorId } from '../../../domain/network/network.ts';

const SAMPLES_MAX = 60;

/** Round-trip times per peer, the last hour at one a minute. */
export class Latency {
  private readonly samples = new Map<ValidatorId, number[]>();

  add(validator: ValidatorId, ms: number): void {
    const kept = this.samples.get(validator) ?? [];
    kept.push(ms);
    if (kept.length > SAMPLES_MAX) kept.shift();
    this.samples.set(validator, kept);
  }

  /** Milliseconds at each quantile (nearest rank), per peer that ever answered. */
  quantiles(of: readonly number[]): ReadonlyMap<ValidatorId, readonly number[]> {
    const result = new Map<ValidatorId, readonly number[]>();
    for (const [validator, kept] of this.samples) {
      const sorted = [...kept].sort((a, b) => a - b);
      result.set(
        validator,
        of.map((quantile) => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0),
      );
    }
    return result;
  }
}
