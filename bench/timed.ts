import type { Reading } from './measure.ts';
import { comparePairs } from './statistics.ts';

/** Milliseconds of one piece of work: by the clock, and by what this thread got of a processor meanwhile. */
export type Span = { readonly ms: number; readonly cpuMs: number };
export type Timed<T> = Span & { readonly value: T };

export function timed<T>(work: () => T): Timed<T> {
  const end = begin();
  const value = work();
  return { value, ...end() };
}

export async function timedAsync<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const end = begin();
  const value = await work();
  return { value, ...end() };
}

function begin(): () => Span {
  const cpu = process.threadCpuUsage();
  const startedAt = performance.now();
  return () => {
    const ms = performance.now() - startedAt;
    const { user, system } = process.threadCpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1_000 };
  };
}

export type SpanPair = { readonly result: Span; readonly floor: Span };

/**
 * The reading of work in this process. Figures are by the clock; the ratio by processor time stands beside them, because a
 * neighbour on the same cores disturbs the first and not the second. Some kernels count it in whole ticks: it is summed before it is divided.
 */
export function spanReading(title: string, pairs: readonly SpanPair[], what: string): Reading {
  const { result, floor, ratio, ratioQuartiles } = comparePairs(
    pairs.map((pair) => ({ result: pair.result.ms, floor: pair.floor.ms })),
  );
  const cpu = (half: keyof SpanPair): number => pairs.reduce((sum, pair) => sum + pair[half].cpuMs, 0);
  const [low, high] = ratioQuartiles.map((value) => value.toFixed(2));
  const detail =
    `${pairs.length} pairs, ratio from ${low} to ${high} (quartiles), ` +
    `by processor time of all pairs together ${(cpu('result') / cpu('floor')).toFixed(2)}; ${what}`;
  return { title, unit: 'ms', result, floor, ratio, detail };
}
