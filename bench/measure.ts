import type { Running } from './devnet.ts';

export type Unit = 'ms' | 's' | 'MiB' | '/s' | '/min';

/** What must not be exceeded, or must be reached: the ratio of result and floor, or the result itself in its own unit. */
export type Target = { readonly of: 'ratio' | 'result' } & ({ readonly max: number } | { readonly min: number });

/** One line of the table. */
export type Reading = {
  /** What was measured, in a few words. */
  readonly title: string;
  readonly unit: Unit;
  readonly result: number;
  /** In the same unit, measured in the same run. */
  readonly floor?: number;
  /** Median of paired ratios where there are pairs, else result / floor. */
  readonly ratio?: number;
  /** Without a target a reading is there to be known, not to be met. */
  readonly target?: Target;
  /** How many samples, how they spread, and what the floor is made of. */
  readonly detail: string;
};

export type Setting = {
  /** Repetitions asked for; each measure has its own default. */
  readonly runs: number | undefined;
  /** Progress for whoever watches. */
  readonly say: (line: string) => void;
  /** Ends the measure: it stops what it started and throws. */
  readonly signal: AbortSignal;
  /** One whole network with two workers, for all measures that take turns on it. */
  readonly network: () => Promise<Running>;
};

export type Measure = {
  readonly name: string;
  /** It asks for the network that others have used or will use. */
  readonly sharesNetwork?: true;
  /** What is compared with what, for the page. */
  readonly about: string;
  /** Throws when it cannot be measured; everything that it started is stopped either way. */
  run(setting: Setting): Promise<readonly Reading[]>;
};

export type Verdict = 'met' | 'missed' | 'no target';

/** A target is met at its very limit. A target of a ratio that was not measured is a mistake of the measure. */
export function verdictOf(reading: Reading): Verdict {
  const { target } = reading;
  if (target === undefined) return 'no target';
  const value = target.of === 'ratio' ? reading.ratio : reading.result;
  if (value === undefined) throw new Error(`"${reading.title}" has a target for a ratio and no ratio`);
  return ('max' in target ? value <= target.max : value >= target.min) ? 'met' : 'missed';
}
