import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import { pausedLast } from '../domain/network/pauses.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Whom to leave out while there are others. When nobody can say, nobody is left out: the list is a wish, and signatures must not wait for it. */
export async function pausedNow(deps: ActivityDependencies, attempt: Attempt): Promise<readonly ValidatorId[]> {
  try {
    return (await deps.roster?.paused(attempt)) ?? [];
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    deps.logger.warn({ code: error.code, err: error }, 'asks validators without knowing who is paused');
    return [];
  }
}

/** In the order in which they are asked. */
export const askingOrder = async (
  deps: ActivityDependencies,
  attempt: Attempt,
  validators: readonly ValidatorId[],
): Promise<readonly ValidatorId[]> => pausedLast(validators, await pausedNow(deps, attempt));
