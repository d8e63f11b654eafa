import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { lastLine, lastLines } from './supervisor/log-tail.ts';
import type { Service } from './supervisor/supervisor.ts';

const LOOK_MS = 100;
/** How long it is waited without a word. */
const SILENT_MS = 30_000;
/** So often may a process end by itself before it was ever ready: something else may come late once or twice. */
const EXITS_MAX = 2;
/** What every program here ends with when its settings or what was typed are wrong: the next start would read the same. */
const WRONG_SETTINGS = 'exit code 2';
/** Below an error that nobody caught; a program that cannot even be read ends so, at every start. */
const UNCAUGHT = /^Node\.js v\d/;

export type Wanted = {
  /** What is waited for, as the subject of a sentence: "validator 7". */
  readonly what: string;
  readonly log: string;
  readonly timeoutMs: number;
  /** Ends the waiting early, for example because the process gave up. */
  readonly signal?: AbortSignal;
  /** True once it is known that it will never be ready. */
  readonly isLost?: () => boolean;
  /** Is told now and then what it waits for, and why. */
  readonly say?: ((line: string) => void) | undefined;
};

/** A service that another start cannot help, or that ends again and again; asked before it was ever ready. */
export function endsForGood(service: Pick<Service, 'isLost' | 'exits'>, log: string): boolean {
  const exits = service.exits();
  if (exits.length === 0) return service.isLost();
  return exits.length > EXITS_MAX || exits.includes(WRONG_SETTINGS) || UNCAUGHT.test(lastLine(log)) || service.isLost();
}

/**
 * Asks until `look` gives something. Throws `unavailable.not-ready-in-time` with the end of the log; what `look` threw last is
 * the reason that is shown.
 */
export async function untilReady<T>(wanted: Wanted, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + wanted.timeoutMs;
  let reason = 'it does not answer';
  let sayAtMs = Date.now() + SILENT_MS;
  while (Date.now() < deadline && !wanted.signal?.aborted && !wanted.isLost?.()) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      const { cause, message } = error as Error;
      reason = cause instanceof Error && cause.message !== '' ? cause.message : message;
    }
    if (Date.now() >= sayAtMs) {
      wanted.say?.(`waiting for ${wanted.what}: ${reason}; its log ends: ${lastLine(wanted.log)}`);
      sayAtMs += SILENT_MS;
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
