import { createHash, randomBytes } from 'node:crypto';

/** Set it to the number that a failed run printed, and the run chooses the same again. */
export const SEED_VARIABLE = 'FIREBREAK_SEED';

export type Chance = {
  readonly seed: string;
  /** A whole number from 0 to `below` - 1. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(from: readonly T[]): T[];
};

/** All choices of one suite: they follow from the seed and the suite's name, which is printed so that a failure can be repeated. */
export function chance(suite: string): Chance {
  const seed = process.env[SEED_VARIABLE] ?? randomBytes(4).toString('hex');
  process.stdout.write(`${suite}: ${SEED_VARIABLE}=${seed}\n`);
  let drawn = 0;
  const below = (limit: number): number => {
    drawn += 1;
    return createHash('sha256').update(`${seed}/${suite}/${drawn}`).digest().readUInt32BE(0) % limit;
  };
  return {
    seed,
    below,
    pick: (from) => {
      const chosen = from[below(from.length)];
      if (chosen === undefined) throw new Error('nothing to choose from');
      return chosen;
    },
    shuffled: (from) => {
      const rest = [...from];
      return from.map(() => rest.splice(below(rest.length), 1)[0] as (typeof rest)[number]);
    },
  };
}
