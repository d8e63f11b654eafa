import type { ActivityDependencies } from './dependencies.ts';

/** Looks again and again, with a pause between, until `look` says so or the time is over; throws when aborted. */
export async function until(
  deps: Pick<ActivityDependencies, 'clock'>,
  signal: AbortSignal,
  untilMs: number,
  pauseMs: number,
  look: () => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    signal.throwIfAborted();
    if (await look()) return true;
    if (deps.clock() >= untilMs) return false;
    await pause(pauseMs, signal);
  }
}

/** Resolves early when aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
