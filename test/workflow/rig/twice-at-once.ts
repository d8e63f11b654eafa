import { asyncLocalStorage, CancelledFailure, type Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { Carried } from './lost-completions.ts';

/**
 * Every effect is carried out by two at the same time, as when a worker that was taken for dead goes on beside the one that took over: each as
 * if in a process of its own, so that neither stops the other. Whoever ends last is heard.
 */
export const twiceAtOnce =
  (carried: Carried) =>
  (context: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const { info } = context;
        const counts = carried.get(info.activityType) ?? { runs: 0, completions: 0 };
        carried.set(info.activityType, counts);
        // What is done in one process knows its attempts by this name.
        const elsewhere = { ...info, activityId: `${info.activityId} elsewhere` };
        const twin = Object.create(context, { info: { value: elsewhere } }) as Context;
        let last: PromiseSettledResult<unknown> | undefined;
        const carry = async (work: () => Promise<unknown>): Promise<void> => {
          const [outcome] = await Promise.allSettled([work()]);
          if (outcome.status === 'rejected' && outcome.reason instanceof CancelledFailure) throw outcome.reason;
          counts.runs += 1;
          last = outcome;
        };
        await Promise.all([carry(() => next(input)), carry(() => asyncLocalStorage.run(twin, () => next(input)))]);
        counts.completions += 1;
        if (last?.status === 'rejected') throw last.reason;
        return last?.value;
      },
    },
  });
