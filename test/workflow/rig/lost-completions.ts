import { ApplicationFailure, CancelledFailure, type Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/** How often each effect was carried out to its end, by its name. */
export type Carried = Map<string, { runs: number; completions: number }>;

/**
 * Every effect is carried out to its end, and then its completion is lost on the way to the server, once: what a worker that dies at
 * the wrong moment leaves behind. The next attempt carries it out again, and must come to the same.
 */
export const losingCompletions =
  (carried: Carried) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const counts = carried.get(info.activityType) ?? { runs: 0, completions: 0 };
        carried.set(info.activityType, counts);
        const [outcome] = await Promise.allSettled([next(input)]);
        // A cancelled attempt came to no end that could be lost.
        if (outcome.status === 'rejected' && outcome.reason instanceof CancelledFailure) throw outcome.reason;
        counts.runs += 1;
        if (info.attempt === 1) {
          throw ApplicationFailure.create({ type: 'unavailable.completion', message: 'the completion was lost' });
        }
        counts.completions += 1;
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      },
    },
  });
