import { setTimeout as wait } from 'node:timers/promises';

export type Bound = { readonly timeoutMs: number; readonly everyMs?: number };

/**
 * Looks until `look` gives something, and no longer than the bound; what `look` threw or said last is in the message.
 * The wait is for an event that really happens, and the bound only ends a test that has failed already.
 */
export async function until<T>(
  what: string,
  bound: Bound,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const startedAt = Date.now();
  let last = 'nothing was seen';
  while (Date.now() - startedAt < bound.timeoutMs) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await wait(bound.everyMs ?? 100);
  }
  throw new Error(`${what} did not happen within ${bound.timeoutMs / 1000} s: ${last}`);
}
