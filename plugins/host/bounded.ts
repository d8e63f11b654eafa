import { type FailureCode, FirebreakFailure } from '../../domain/errors/failure.ts';

/**
 * Runs one step of a plug-in and waits at most `limitMs`. The signal tells a well-behaved plug-in to give up at the same moment;
 * the race protects us from one that does not listen. Throws `unavailable.plugin-hung`, or what the caller's signal says.
 */
export async function bounded<T>(
  what: string,
  limitMs: number,
  run: (signal: AbortSignal) => Promise<T> | T,
  outer?: AbortSignal,
): Promise<T> {
  outer?.throwIfAborted();
  const giveUp = new AbortController();
  const expiry = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    giveUp.abort(reason);
    expiry.reject(reason);
  };
  const timer = setTimeout(() => {
    end(new FirebreakFailure('unavailable.plugin-hung', `${what}: no answer within ${limitMs} ms`, { limitMs }));
  }, limitMs);
  const onAbort = (): void => end(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([Promise.resolve().then(() => run(giveUp.signal)), expiry.promise]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  }
}

/** A plug-in's own failure keeps its code; anything else gets one. Foreign messages stay in `cause`: they may quote a secret. */
export function asFailure(error: unknown, code: FailureCode, what: string): FirebreakFailure {
  if (error instanceof FirebreakFailure) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return new FirebreakFailure(code, `${what}: ${kind} without a failure code`, {}, { cause: error });
}
