import { createHash } from 'node:crypto';

/** Choices that follow from a seed and a name, and from nothing else: the same in every run and on every machine. */
export type Chance = {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  between(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  /** So many of them, in the order of `from`. */
  some<T>(from: readonly T[], count: number): T[];
  shuffled<T>(from: readonly T[]): T[];
};

export function chanceOf(seed: number, name: string): Chance {
  let drawn = 0;
  const below = (limit: number): number => {
    drawn += 1;
    return createHash('sha256').update(`${seed}/${name}/${drawn}`).digest().readUInt32BE(0) % limit;
  };
  const shuffled = <T>(from: readonly T[]): T[] => {
    const rest = [...from];
    return from.flatMap(() => rest.splice(below(rest.length), 1));
  };
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: (from) => {
      const chosen = from[below(from.length)];
      if (chosen === undefined) throw new Error('nothing to choose from');
      return chosen;
    },
    some: (from, count) => {
      const chosen = new Set(shuffled(from).slice(0, count));
      return from.filter((each) => chosen.has(each));
    },
    shuffled,
  };
}
