import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Running } from './launch.ts';
import type { Supervisor } from './supervisor.ts';

/** A supervisor whose services can be kept down for a while: what a fault needs, and a network in service never does. */
export type HoldableSupervisor = Supervisor & {
  /** Kills the service (SIGKILL) and keeps it down; resolves when it is gone. */
  hold(name: string): Promise<void>;
  /** It may run again: its next start begins at once. */
  release(name: string): void;
};

type Gate = { readonly opened: Promise<void>; open(): void };

const GONE_MS = 10_000;

/** Puts a gate before every start. Nothing of the supervisor itself changes: it restarts, counts and gives up as ever. */
export function holdable(inner: Supervisor): HoldableSupervisor {
  const gates = new Map<string, Gate>();
  const starting = new Map<string, Promise<unknown>>();
  let stopping = false;

  const throughGate = async (name: string, start: () => Promise<Running>): Promise<Running> => {
    for (let gate = gates.get(name); gate !== undefined && !stopping; gate = gates.get(name)) await gate.opened;
    if (stopping) throw new FirebreakFailure('unavailable.process-ended', `${name} was not started: all is stopping`);
    const begun = start();
    starting.set(name, begun);
    try {
      return await begun;
    } finally {
      starting.delete(name);
    }
  };

  const release = (name: string): void => {
    const gate = gates.get(name);
    gates.delete(name);
    gate?.open();
  };

  return {
    service: (name) => inner.service(name),
    run: (spec) => inner.run({ ...spec, start: () => throughGate(spec.name, () => spec.start()) }),
    async hold(name) {
      if (gates.has(name)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      gates.set(name, { opened: promise, open: resolve });
      const deadline = Date.now() + GONE_MS;
      do {
        // A start that had passed the gate already is ended as soon as it has a process.
        await starting.get(name)?.catch(() => undefined);
        inner.service(name)?.signal('SIGKILL');
        await wait(10);
      } while (inner.service(name)?.pid() !== undefined && Date.now() < deadline);
    },
    release,
    async stop(onGroup) {
      const stopped = inner.stop(onGroup);
      stopping = true;
      gates.forEach((_gate, name) => release(name));
      await stopped;
    },
  };
}
