import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

const LOOK_MS = 200;

/** What has to be seen to happen, as the beginning of a sentence: "the freeze in every validator". */
export type Expected = { readonly what: string; readonly timeoutMs: number; readonly signal: AbortSignal };

/**
 * Looks until the world is as it should be; what `look` throws is why it is not yet, since processes are killed on the way. Throws
 * `unknown-outcome.story` when it did not happen in time.
 */
export async function witness<T>(
  { what, timeoutMs, signal }: Expected,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let reason = 'it was not seen';
  while (Date.now() < deadline && !signal.aborted) {
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    await wait(LOOK_MS);
  }
  throw new FirebreakFailure(
    'unknown-outcome.story',
    `${what} did not happen within ${Math.round(timeoutMs / 1_000)} s: ${reason}`,
  );
}
