/** Of many equal calls with at most so many under way: the milliseconds of each, in the order of their ends, and of all together. */
export type Storm = { readonly ms: readonly number[]; readonly wholeMs: number };

/**
 * Does `count` pieces of work, `together` of them at any time. After the first failure nothing new is begun; it is thrown once all that was
 * begun is over, so that nothing of it still asks a network that whoever catches it takes down.
 */
export async function inFlight(
  count: number,
  together: number,
  work: (at: number) => Promise<unknown>,
  clock: () => number = () => performance.now(),
): Promise<Storm> {
  const ms: number[] = [];
  let next = 0;
  let failure: { readonly why: unknown } | undefined;
  const one = async (): Promise<void> => {
    while (next < count && failure === undefined) {
      const at = next;
      next += 1;
      const startedAt = clock();
      try {
        await work(at);
        ms.push(clock() - startedAt);
      } catch (why) {
        failure ??= { why };
      }
    }
  };
  const startedAt = clock();
  await Promise.all(Array.from({ length: Math.min(together, count) }, one));
  if (failure !== undefined) throw failure.why;
  return { ms, wholeMs: clock() - startedAt };
}

export const perSecond = ({ ms, wholeMs }: Storm): number => (ms.length * 1_000) / wholeMs;
