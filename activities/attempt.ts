import { Context } from '@temporalio/activity';
import type { FailureCode } from '../domain/errors/failure.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { EffectContext } from '../domain/ports/context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporalFailure } from './failures.ts';
import { fence } from './fence.ts';

/** Far below the heartbeat timeout of two seconds; the worker's throttle decides what is really sent. */
const BEAT_MS = 400;

/** So long after its signal an attempt is waited for. */
const DEAF_MS = 1_000;

/** One attempt at one effect. `idempotencyKey` is the same for every attempt; `number` grows and fences off older ones. */
export type Attempt = EffectContext & {
  readonly number: number;
  /** Public numbers for the next attempt and for the screen, far below 1 kB. */
  report(details: Readonly<Record<string, number | string>>): void;
};

/**
 * Runs the body of an activity: heartbeats while it works, counts how it ended, and turns what it throws into what
 * Temporal may store. An attempt that was cancelled, or overtaken by a newer one in this process, is aborted.
 */
export async function attempt<T>(
  deps: ActivityDependencies,
  activity: string,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const { info } = context;
  const startedAtMs = deps.clock();
  const key = `${info.workflowExecution?.workflowId ?? 'none'}/${info.workflowExecution?.runId ?? 'none'}/${info.activityId}`;
  const lease = fence(key, info.attempt);
  const signal = AbortSignal.any([context.cancellationSignal, lease.overtaken]);
  if (info.attempt > 1) deps.observer.takenOver(activity);
  let details: Readonly<Record<string, number | string>> = {};
  const beat = setInterval(() => context.heartbeat(details), BEAT_MS);
  const ended = (outcome: Parameters<typeof deps.observer.attemptEnded>[1], code: string): void =>
    deps.observer.attemptEnded(activity, outcome, code, (deps.clock() - startedAtMs) / 1_000);
  try {
    const working = work({
      idempotencyKey: key,
      number: info.attempt,
      signal,
      deadlineMs: startedAtMs + info.startToCloseTimeoutMs,
      report: (next) => {
        details = next;
      },
    });
    const result = await heeding(signal, working);
    ended('done', 'none');
    return result;
  } catch (error) {
    if (signal.aborted) {
      ended('cancelled', 'none');
      if (context.cancellationSignal.aborted) await context.cancelled;
      throw toTemporalFailure(new FirebreakFailure('unavailable.overtaken', 'a newer attempt took over'), activity);
    }
    const code: FailureCode = error instanceof FirebreakFailure ? error.code : 'bug.activity';
    if (!(error instanceof FirebreakFailure))
      deps.logger.error({ activity, err: error }, 'activity met an unnamed error');
    const retried = error instanceof FirebreakFailure ? error.retryable : true;
    ended(retried ? 'retried' : 'refused', code);
    throw toTemporalFailure(error, activity);
  } finally {
    clearInterval(beat);
    lease.release();
  }
}

/** What listens to no signal, such as a plug-in that hangs, is left to itself: it must not hold its place in the worker for ever. */
async function heeding<T>(signal: AbortSignal, working: Promise<T>): Promise<T> {
  const deaf = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = (): void => {
    timer = setTimeout(() => deaf.reject(signal.reason), DEAF_MS);
  };
  if (signal.aborted) over();
  else signal.addEventListener('abort', over, { once: true });
  try {
    return await Promise.race([working, deaf.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', over);
  }
}
