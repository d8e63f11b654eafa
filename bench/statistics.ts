/** Middle of the samples; the mean of the two middle ones for an even number. Throws for none: nothing has no middle. */
export function median(samples: readonly number[]): number {
  const sorted = ascending(samples);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}

/**
 * Smallest sample that at least the share `rank` (0 < rank <= 1) of all samples does not exceed: nearest rank, no interpolation,
 * so that what is printed was really seen. With fewer than 100 samples the 99th percentile is the maximum.
 */
export function quantile(samples: readonly number[], rank: number): number {
  if (!(rank > 0 && rank <= 1)) throw new RangeError(`a quantile of rank ${rank} does not exist`);
  const sorted = ascending(samples);
  return sorted[Math.ceil(rank * sorted.length) - 1] ?? 0;
}

export const maximum = (samples: readonly number[]): number => quantile(samples, 1);

export type Pair = { readonly result: number; readonly floor: number };

/**
 * Result and floor measured one right after the other. The ratio is the median of the pairs' own ratios: what slowed both halves of
 * a pair (a busy neighbour, a hot machine) cancels out.
 */
export function comparePairs(pairs: readonly Pair[]): {
  readonly result: number;
  readonly floor: number;
  readonly ratio: number;
  /** First and third quartile of the ratios. */
  readonly ratioQuartiles: readonly [number, number];
} {
  const ratios = pairs.map(({ result, floor }) => {
    if (!(floor > 0)) throw new RangeError('a floor of nothing gives no ratio');
    return result / floor;
  });
  return {
    result: median(pairs.map((pair) => pair.result)),
    floor: median(pairs.map((pair) => pair.floor)),
    ratio: median(ratios),
    ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

function ascending(samples: readonly number[]): readonly number[] {
  if (samples.length === 0) throw new RangeError('no samples were measured');
  if (!samples.every(Number.isFinite)) throw new RangeError('a sample is not a number');
  return [...samples].sort((a, b) => a - b);
}
