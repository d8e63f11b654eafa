import { accept, FirebreakFailure, refuse, type Verdict } from '../domain/errors/failure.ts';
import { anySame, readSecrets } from '../plugins/alert-source/secret.ts';
import type { ReaderConfig } from './config.ts';
import type { IncidentStore, ReadIncident } from './engine.ts';
import type { Rates } from './rates.ts';

const LIMIT_USUAL = 50;
const LIMIT_MAX = 200;
const ID = /^incident\/[\w.-]{1,100}\/[\w.-]{1,120}$/;

type Headers = Readonly<Record<string, string>>;

/** What may be read over HTTP, by whom. Nothing that is asked here changes anything. */
export type Reading = {
  list(
    headers: Headers,
    address: string,
    limit: unknown,
    nowMs: number,
  ): Promise<Verdict<{ readonly incidents: readonly ReadIncident[] }>>;
  show(headers: Headers, address: string, id: string, nowMs: number): Promise<Verdict<ReadIncident>>;
};

/** Reads the tokens of all readers once. Throws `input.alert-secret`. */
export async function createReading(
  readers: readonly ReaderConfig[],
  store: IncidentStore,
  strangers: Rates,
): Promise<Reading> {
  const tokens = (await Promise.all(readers.map(({ secrets }) => readSecrets(secrets)))).flat();
  const admitted = (headers: Headers, address: string, nowMs: number): Verdict<true> => {
    const token = /^Bearer +([^\s,]{1,1024})$/i.exec(headers['authorization'] ?? '')?.[1];
    // A missing token is compared as well: being asked for nothing takes as long as being wrong.
    if (anySame([token ?? ''], tokens) && token !== undefined) return accept(true);
    const taken = strangers.take(address, nowMs);
    return taken.ok
      ? refuse('policy.reader-unauthenticated', 'the bearer token of a reader is missing or wrong')
      : refuse('policy.alert-rate', 'this address was wrong too often', { retrySeconds: taken.retrySeconds });
  };
  const reading = async <T>(allowed: Verdict<true>, read: () => Promise<Verdict<T>>): Promise<Verdict<T>> => {
    if (!allowed.ok) return allowed;
    try {
      return await read();
    } catch (error) {
      if (error instanceof FirebreakFailure && error.family === 'unavailable') return refuse(error.code, error.message);
      throw error;
    }
  };
  return {
    list: (headers, address, limit, nowMs) =>
      reading(admitted(headers, address, nowMs), async () => accept({ incidents: await store.list(limitFrom(limit)) })),
    show: (headers, address, id, nowMs) =>
      reading(admitted(headers, address, nowMs), async () => {
        const found = ID.test(id) ? await store.show(id) : undefined;
        return found === undefined ? refuse('input.incident-unknown', 'there is no such incident') : accept(found);
      }),
  };
}

function limitFrom(given: unknown): number {
  const asked = typeof given === 'string' && /^[0-9]{1,4}$/.test(given) ? Number(given) : LIMIT_USUAL;
  return Math.min(LIMIT_MAX, Math.max(1, asked));
}
