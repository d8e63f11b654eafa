import type { ValidatorId } from './network.ts';

/** A run that wants one validator to be left out of new ceremonies. */
export type Pause = {
  readonly validator: ValidatorId;
  /** What votes call the run. */
  readonly run: string;
  readonly step: string;
  readonly reason: string;
  readonly atMs: number;
};

export type Pauses = {
  /** At most one of a run per validator, the oldest first. */
  readonly held: readonly Pause[];
  /** Names of effects that were carried out, so that a late repeat of one changes nothing. */
  readonly done: readonly string[];
};

export const NO_PAUSES: Pauses = { held: [], done: [] };

/** More runs at once than an installation has; beyond it the oldest pause gives way. */
export const PAUSES_MAX = 64;
export const DONE_KEPT = 256;

export type PauseCommand =
  | ({ readonly do: 'pause' /** Of the effect, the same for every try. */; readonly key: string } & Pause)
  | { readonly do: 'resume'; readonly key: string; readonly validator: ValidatorId; readonly run: string };

/**
 * A validator is paused while any run holds it. A run gives back what it took and nothing of another's; one that took nothing was started to
 * end the pause, and ends it for all. Each effect counts once, in the order in which effects first arrive.
 */
export function paused(pauses: Pauses, command: PauseCommand): Pauses {
  if (pauses.done.includes(command.key)) return pauses;
  const done = [...pauses.done, command.key].slice(-DONE_KEPT);
  const isOwn = ({ validator, run }: Pause): boolean => validator === command.validator && run === command.run;
  const others = pauses.held.filter((pause) => !isOwn(pause));
  if (command.do === 'pause') {
    const { validator, run, step, reason, atMs } = command;
    return { held: [...others, { validator, run, step, reason, atMs }].slice(-PAUSES_MAX), done };
  }
  const held = pauses.held.some(isOwn) ? others : others.filter(({ validator }) => validator !== command.validator);
  return { held, done };
}

/** Whom to leave out while there are others. */
export const pausedValidators = ({ held }: Pauses): readonly ValidatorId[] =>
  [...new Set(held.map(({ validator }) => validator))].sort((one, other) => one - other);

/**
 * The order in which validators are asked: those that are paused come last, and so only when the others are too few. A pause never costs a
 * signature: safety lies in the validators, and whoever plans may only delay.
 */
export const pausedLast = (
  validators: readonly ValidatorId[],
  left: readonly ValidatorId[],
): readonly ValidatorId[] => [
  ...validators.filter((validator) => !left.includes(validator)),
  ...validators.filter((validator) => left.includes(validator)),
];
