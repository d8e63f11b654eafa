/**
 * After a short outage of the server two attempts of one activity can run side by side (measured: 6.7 to 13.3 s).
 * Every sink bears a repeat (blobs by digest, nonces burnt by validators, transactions by their bytes), so the fence only has to
 * stop the older attempt of the same process from asking on; an older attempt in another process loses its result at the server.
 */
const newest = new Map<string, { readonly attempt: number; readonly stop: AbortController }>();

export type Lease = {
  /** Fires when a newer attempt started here. */ readonly overtaken: AbortSignal;
  release(): void;
};

export function fence(key: string, attempt: number): Lease {
  const stop = new AbortController();
  const holder = newest.get(key);
  if (holder !== undefined && holder.attempt > attempt) {
    stop.abort();
    return { overtaken: stop.signal, release: () => undefined };
  }
  holder?.stop.abort();
  const mine = { attempt, stop };
  newest.set(key, mine);
  return {
    overtaken: stop.signal,
    release: () => {
      if (newest.get(key) === mine) newest.delete(key);
    },
  };
}
