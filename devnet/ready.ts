import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { lastLines } from './supervisor/log-tail.ts';

const LOOK_MS = 100;

export type Wanted = {
  /** What is waited for, as the subject of a sentence: "validator 7". */
  readonly what: string;
  readonly log: string;
  readonly timeoutMs: number;
  /** Ends the waiting early, for example because the process gave up. */
  readonly signal?: AbortSignal;
  /** True once it is known that it will never be ready. */
  readonly isLost?: () => boolean;
};

/**
 * Asks until `look` gives something. Throws `unavailable.not-ready-in-time` with the end of the log; what `look` threw last is
 * the reason that is shown.
 */
export async function untilReady<T>(wanted: Wanted, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + wanted.timeoutMs;
  let reason = 'it does not answer';
  while (Date.now() < deadline && !wanted.signal?.aborted && !wanted.isLost?.()) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      const { cause, message } = error as Error;
      reason = cause instanceof Error && cause.message !== '' ? cause.message : message;
    }
    await wait(LOOK_MS);
  }
  if (wanted.isLost?.()) {
    throw new FirebreakFailure('unavailable.process-ended', `${wanted.what} keeps ending${lastLines(wanted.log)}`, {
      log: wanted.log,
    });
  }
  throw new FirebreakFailure(
    'unavailable.not-ready-in-time',
    `${wanted.what} was not ready after ${Math.round(wanted.timeoutMs / 1000)} s: ${reason}${lastLines(wanted.log)}`,
    { log: wanted.log },
  );
}

/** A JSON answer within two seconds; anything else throws. */
export async function getJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000), redirect: 'error' });
  return (await response.json()) as Readonly<Record<string, unknown>>;
}
