/** Of many equal calls with at most so many under way: the milliseconds of each, in the order of their ends, and of all together. */
export type Storm = { readonly ms: readonly number[]; readonly wholeMs: number };

/** Does `count` pieces of work, `together` of them at any time. The first failure ends it; nothing new is begun after it. */
export async function inFlight(
  count: number,
  together: number,
  work: (at: number) => Promise<unknown>,
  clock: () => number = () => performance.now(),
): Promise<Storm> {
  const ms: number[] = [];
  let next = 0;
  let failed = false;
  const one = async (): Promise<void> => {
    while (next < count && !failed) {
      const at = next;
      next += 1;
      const startedAt = clock();
      await work(at).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      ms.push(clock() - startedAt);
    }
  };
  const startedAt = clock();
  await Promise.all(Array.from({ length: Math.min(together, count) }, one));
  return { ms, wholeMs: clock() - startedAt };
}

export const perSecond = ({ ms, wholeMs }: Storm): number => (ms.length * 1_000) / wholeMs;
