import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { lastLines } from './log-tail.ts';
import type { Ledger } from './ledger.ts';
import type { Running } from './launch.ts';
import { isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';

export type ServiceSpec = {
  readonly name: string;
  /** Services of one group stop together; groups stop in reverse order of their first start. */
  readonly group: string;
  readonly log: string;
  start(): Promise<Running>;
  /** How long SIGTERM may take before SIGKILL. */
  readonly stopGraceMs?: number;
  /** When it ends it stays ended. */
  readonly once?: true;
};

export type SupervisorEvent =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number }
  | { readonly kind: 'ended'; readonly name: string; readonly how: string }
  | { readonly kind: 'gave-up'; readonly name: string; readonly log: string };

export type Service = {
  readonly name: string;
  /** undefined while it is being restarted. */
  pid(): number | undefined;
  signal(signal: NodeJS.Signals): boolean;
  /** It kept ending and is not restarted any more. */
  isLost(): boolean;
  /** Every end so far that no signal caused: its exit code in words. */
  exits(): readonly string[];
};

export type Supervisor = {
  /** Starts it and keeps it running until `stop`; rejects when the first start fails. */
  run(spec: ServiceSpec): Promise<Service>;
  service(name: string): Service | undefined;
  /** Ends everything that was started, in order; afterwards nothing is restarted. */
  stop(onGroup?: (group: string) => void): Promise<void>;
};

const GRACE_MS = 10_000;
/** The first restart is immediate, because takeover is measured in seconds; a service that keeps dying waits longer each time. */
export const RESTART_DELAYS_MS: readonly number[] = [0, 500, 1_000, 2_000, 5_000, 10_000, 10_000, 10_000];
/** After this long the past restarts are forgiven. */
const SETTLED_MS = 60_000;

type Entry = Service & {
  readonly spec: ServiceSpec;
  identity: ProcessIdentity | undefined;
  lost: boolean;
  readonly exited: string[];
  done: Promise<void>;
};

export function supervise(
  ledger: Ledger,
  onEvent: (event: SupervisorEvent) => void = () => undefined,
  /** Whoever kills services on purpose calls a short life a settled one. */
  settledMs: number = SETTLED_MS,
): Supervisor {
  const entries: Entry[] = [];
  const ending = new AbortController();

  const begin = async (entry: Entry): Promise<Running> => {
    const running = await entry.spec.start();
    entry.identity = ledger.add(entry.name, running.pid);
    onEvent({ kind: 'started', name: entry.name, pid: running.pid });
    // `stop` may have looked at this entry while its process was being started.
    if (ending.signal.aborted && entry.identity !== undefined)
      void endProcess(entry.identity, GRACE_MS, running.exited);
    return running;
  };

  /** Lives as long as the service: waits for its end, and starts it again unless everything is ending. */
  const keep = async (entry: Entry, first: Running): Promise<void> => {
    let running: Running | undefined = first;
    let attempt = 0;
    while (running !== undefined) {
      const startedAt = Date.now();
      const how = await running.exited;
      entry.identity = undefined;
      ledger.remove(running.pid);
      if (how.startsWith('exit code')) entry.exited.push(how);
      onEvent({ kind: 'ended', name: entry.name, how });
      if (entry.spec.once) return;
      if (Date.now() - startedAt > settledMs) attempt = 0;
      running = undefined;
      while (running === undefined && !ending.signal.aborted) {
        const delay = RESTART_DELAYS_MS[attempt];
        attempt += 1;
        if (delay === undefined) {
          entry.lost = true;
          onEvent({ kind: 'gave-up', name: entry.name, log: entry.spec.log });
          return;
        }
        await wait(delay, undefined, { signal: ending.signal }).catch(() => undefined);
        if (!ending.signal.aborted) running = await begin(entry).catch(() => undefined);
      }
    }
  };

  const stopOne = async (entry: Entry): Promise<void> => {
    const { identity } = entry;
    if (identity !== undefined) {
      await endProcess(identity, entry.spec.stopGraceMs ?? GRACE_MS, entry.done);
    }
    await entry.done;
  };

  return {
    async run(spec) {
      if (ending.signal.aborted)
        throw new FirebreakFailure('unavailable.process-ended', `${spec.name} was not started: everything is stopping`);
      const entry: Entry = {
        name: spec.name,
        spec,
        identity: undefined,
        lost: false,
        isLost: () => entry.lost,
        exited: [],
        exits: () => entry.exited,
        done: Promise.resolve(),
        pid: () => entry.identity?.pid,
        signal: (signal) => entry.identity !== undefined && signalProcess(entry.identity, signal),
      };
      const first = await begin(entry).catch((error: unknown) => {
        throw new FirebreakFailure(
          'unavailable.process-ended',
          `${spec.name} did not start: ${(error as Error).message}${lastLines(spec.log)}`,
          { log: spec.log },
          { cause: error },
        );
      });
      entries.push(entry);
      entry.done = keep(entry, first);
      return entry;
    },
    service: (name) => entries.findLast((entry) => entry.name === name),
    async stop(onGroup) {
      ending.abort();
      const groups = [...new Set(entries.map((entry) => entry.spec.group))].reverse();
      for (const group of groups) {
        onGroup?.(group);
        await Promise.all(entries.filter((entry) => entry.spec.group === group).map(stopOne));
      }
    },
  };
}

/**
 * Ends one process: continues it (a stopped one cannot hear), asks with SIGTERM, and kills it when it does not go.
 * `gone` resolves early when its parent saw the end.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number, gone?: Promise<unknown>): Promise<void> {
  signalProcess(identity, 'SIGCONT');
  signalProcess(identity, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (isAlive(identity) && Date.now() < deadline) {
    await Promise.race([wait(50), ...(gone === undefined ? [] : [gone])]);
  }
  if (signalProcess(identity, 'SIGKILL')) {
    const last = Date.now() + 5_000;
    while (isAlive(identity) && Date.now() < last) await wait(20);
  }
}
