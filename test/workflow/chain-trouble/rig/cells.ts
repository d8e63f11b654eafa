import type { Lane } from './lane.ts';

export const DEPTHS = [1, 2, 3, 4, 5, 6] as const;
export const FATES = ['kept', 'moved', 'double-spent', 'payout orphaned'] as const;
export type Fate = (typeof FATES)[number];

/** What happens in a cell, and how it ended in few words; or why there is no such cell. */
export type Way = {
  /** Smaller depths cannot exist, for this reason. */
  readonly from?: readonly [depth: number, reason: string];
  readonly run: (lane: Lane, depth: number, fate: Fate) => Promise<string>;
};
export type Row = Readonly<Record<Fate, Way | string>>;
/** By workflow and phase. */
export type Matrix = Readonly<Record<string, Readonly<Record<string, Row>>>>;

export type Cell = { readonly workflow: string; readonly phase: string; readonly fate: Fate; readonly depth: number };
export type CellWay = Cell & ({ readonly run: Way['run'] } | { readonly reason: string });

export function cellsOf(matrix: Matrix): readonly CellWay[] {
  return Object.entries(matrix).flatMap(([workflow, phases]) =>
    Object.entries(phases).flatMap(([phase, row]) =>
      FATES.flatMap((fate) =>
        DEPTHS.map((depth): CellWay => {
          const way = row[fate];
          const cell = { workflow, phase, fate, depth };
          if (typeof way === 'string') return { ...cell, reason: way };
          const [least, reason] = way.from ?? [1, ''];
          return depth < least ? { ...cell, reason } : { ...cell, run: way.run };
        }),
      ),
    ),
  );
}

/** Every phase once, and every fate with every depth once, drawn by the seed; over seeds every cell has its turn. */
export function drawn(cells: readonly CellWay[], seed: number): readonly CellWay[] {
  let state = seed >>> 0 || 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const possible = cells.filter((cell) => 'run' in cell);
  const chosen = new Set<CellWay>();
  for (const same of [
    ({ workflow, phase }: Cell) => `${workflow} ${phase}`,
    ({ fate, depth }: Cell) => `${fate} ${depth}`,
  ]) {
    const there = new Set([...chosen].map(same));
    for (const [name, group] of Map.groupBy(possible, same)) {
      const one = there.has(name) ? undefined : group[next(group.length)];
      if (one !== undefined) chosen.add(one);
    }
  }
  return [...chosen];
}

export const nameOf = ({ workflow, phase, fate, depth }: Cell): string => `${workflow}/${phase}/${fate}/${depth}`;

export const OVER = 'the run is over, nothing of it looks at the chain any more';
export const NO_PAYOUT = 'nothing is paid out yet';
