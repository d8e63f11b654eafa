import type { UpdateDefinition } from '@temporalio/common';
import { CancellationScope, condition, patched, setHandler } from '@temporalio/workflow';
import { accept, refuse } from '../../domain/errors/failure.ts';
import { demand } from './refused.ts';

/** What facts set in motion, what they make conditions true for, and what that sets in motion. */
const ROUNDS = 3;
/** Runs of older builds carried an update out at once. */
const LAST = 'updates-come-last';
const REPEATED = refuse(
  'conflict.update-repeated',
  'the same was said a moment ago and is being taken in; see whether it counts before you say it again',
);

type Taking<Said extends unknown[]> = {
  readonly description: string;
  /** Refuses by throwing. Asked before the update becomes an event, and once more before it is carried out; it changes nothing. */
  readonly validator: (...said: Said) => void;
  /** Told of the work in the moment in which the update is accepted: what must not begin before that work has ended. */
  readonly during?: <T>(work: Promise<T>) => Promise<T>;
};

/**
 * Sets the handler of an update so that whatever came to the workflow together with it is taken in first.
 *
 * A worker that has no memory of a run is handed its latest tasks as one when those before the update asked for nothing: the update comes first
 * then, and the answers of effects after it. Whoever replays the run later is handed them one by one, the update last
 * (https://github.com/temporalio/sdk-rust/issues/1146, open). What an update does here depends on whether the last word to the incident has
 * arrived: carried out at once, it left a history that no worker could replay any more.
 */
export function takeUpdate<Result, Said extends unknown[]>(
  definition: UpdateDefinition<Result, Said>,
  handler: (...said: Said) => Result | Promise<Result>,
  { description, validator, during = (work) => work }: Taking<Said>,
): void {
  const underWay = new Set<string>();
  const afterTheRest = async (...said: Said): Promise<Result> => {
    const name = JSON.stringify(said);
    underWay.add(name);
    try {
      // A click on `cancel` must not keep anybody from ending the run.
      await CancellationScope.nonCancellable(everythingElse);
    } finally {
      underWay.delete(name);
    }
    validator(...said);
    return handler(...said);
  };
  setHandler(definition, (...said: Said) => (patched(LAST) ? during(afterTheRest(...said)) : handler(...said)), {
    description,
    validator: (...said: Said) => {
      validator(...said);
      const isRepeated = underWay.has(JSON.stringify(said));
      demand(definition.name, () => (isRepeated ? REPEATED : accept(undefined)), REPEATED.refusal);
    },
  });
}

/** Conditions are looked at when everything else has come to rest; each round waits for that. */
async function everythingElse(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    let isDue = false;
    void Promise.resolve().then(() => {
      isDue = true;
    });
    await condition(() => isDue);
  }
}
