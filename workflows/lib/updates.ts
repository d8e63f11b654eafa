import type { UpdateDefinition } from '@temporalio/common';
import { patched, setHandler } from '@temporalio/workflow';
import { accept, refuse } from '../../domain/errors/failure.ts';
import { demand } from './refused.ts';

/** Longer than any chain of awaits that a fact sets in motion before it asks the engine for something. */
const TURNS = 100;
/** Runs of older builds carried an update out at once. */
const LAST = 'updates-come-last';
const REPEATED = refuse(
  'conflict.update-repeated',
  'the same was said a moment ago and is being taken in; see whether it counts before you say it again',
);

type Taking<Said extends unknown[]> = {
  readonly description: string;
  /** Refuses by throwing. Asked before the update becomes an event, and once more before it is carried out. */
  readonly validator: (...said: Said) => void;
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
  { description, validator }: Taking<Said>,
): void {
  const underWay = new Set<string>();
  const afterTheRest = async (...said: Said): Promise<Result> => {
    const name = JSON.stringify(said);
    underWay.add(name);
    try {
      for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
    } finally {
      underWay.delete(name);
    }
    validator(...said);
    return handler(...said);
  };
  setHandler(definition, (...said: Said) => (patched(LAST) ? afterTheRest(...said) : handler(...said)), {
    description,
    validator: (...said: Said) => {
      validator(...said);
      const isRepeated = underWay.has(JSON.stringify(said));
      demand(definition.name, () => (isRepeated ? REPEATED : accept(undefined)), REPEATED.refusal);
    },
  });
}
