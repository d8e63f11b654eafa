import type { Chance } from './chance.ts';
import type { Volley } from './runs.ts';
import { pointOf, type SweepState } from './state.ts';
import { type Shot, VICTIMS } from './volley.ts';

export type Wanted = {
  readonly volley: Volley;
  readonly isPair: boolean;
  /** Kinds of victims take turns by it, as long as they have points left. */
  readonly turn: number;
  readonly runs: number;
};

const KINDS = ['worker', 'temporal', 'validator', 'bitcoin'] as const;

type Point = { readonly label: string; readonly victim: string; readonly at: number; readonly name: string };

const pointsOf = (state: SweepState, volley: Volley): readonly Point[] =>
  workflowsOf(volley).flatMap((workflow) =>
    (state.undisturbed(workflow)?.labels ?? []).flatMap((label, at) =>
      VICTIMS.map((victim) => ({ label, victim, at, name: `${workflow} | ${pointOf(label, victim)}` })),
    ),
  );

const openOf = (state: SweepState, points: readonly Point[]): readonly Point[] => {
  const { singles } = state.points();
  return points.filter(({ name }) => !singles.has(name));
};

/** Whether a step of its workflows has not met every victim yet. */
export const hasOpen = (state: SweepState, volley: Volley): boolean =>
  openOf(state, pointsOf(state, volley)).length > 0;

/** Kills after steps that have met none of these victims yet; when there are none left, or for pairs, by chance. */
export function shotsFor(state: SweepState, chance: Chance, { volley, isPair, turn, runs }: Wanted): readonly Shot[] {
  const every = pointsOf(state, volley);
  const open = isPair ? [] : openOf(state, every);
  const kind = KINDS[turn % KINDS.length] ?? 'worker';
  const fitting = open.filter(({ victim }) => victim.startsWith(kind));
  const from = [fitting, open, every].find((each) => each.length > 0) ?? [];
  const first = chance.pick(from);
  const shot = { label: first.label, victim: first.victim, runs: 1 + chance.below(Math.ceil((runs * 2) / 3)) };
  if (!isPair) return [shot];
  const later = every.filter(({ at }) => at > first.at);
  const second = chance.pick(later.length > 0 ? later : every);
  return [shot, { label: second.label, victim: second.victim }];
}

const workflowsOf = (volley: Volley): readonly string[] =>
  volley === 'sweepVaults' ? ['sweepVaults', 'sweepVault'] : [volley];
