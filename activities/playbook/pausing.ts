import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { RosterPauses } from '../../domain/ports/roster.ts';
import type { ActionBinding, Doing } from './binding.ts';

/**
 * Leaving a validator out is a wish of this installation and is kept where all its workers look; the validator itself is told nothing. It
 * would have no reason to obey: a coordinator that wants a validator left out can leave it out, and one that is hostile could use such
 * an order to silence six.
 */
export const pausingActions: Readonly<Record<string, ActionBinding>> = {
  'validator.pause': {
    effect: 'reversible',
    results: {},
    perform: async ({ validator, reason }, doing) => {
      const { run, key, attempt } = doing;
      const step = key.startsWith(`${run}/`) ? key.slice(run.length + 1) : key;
      await rosterOf(doing).pause(
        { validator: listed(validator, doing), run, step, reason: String(reason), key },
        attempt,
      );
      return {};
    },
  },
  'validator.resume': {
    effect: 'reversible',
    results: {},
    perform: async ({ validator }, doing) => {
      const { run, key, attempt } = doing;
      await rosterOf(doing).resume({ validator: listed(validator, doing), run, key }, attempt);
      return {};
    },
  },
};

function rosterOf({ deps }: Doing): RosterPauses {
  if (deps.roster !== undefined) return deps.roster;
  throw new FirebreakFailure('unavailable.roster', 'this worker has no list of paused validators');
}

function listed(argument: unknown, { deps }: Doing): ValidatorId {
  const id = validatorId(Number(argument));
  if (deps.genesis.validators.some((entry) => entry.id === id)) return id;
  throw new FirebreakFailure('input.capability-argument', `validator: there is no validator ${String(argument)}`, {
    argument: 'validator',
  });
}
