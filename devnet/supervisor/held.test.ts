import { expect, test } from '@jest/globals';
import type { Running } from './launch.ts';
import { holdable } from './held.ts';
import type { ServiceSpec, Supervisor } from './supervisor.ts';

/** Restarts whatever ends, as the real one does, with processes that exist in this test only. */
function pretendSupervisor() {
  const pids = new Map<string, number>();
  const ends = new Map<string, () => void>();
  const seen: string[] = [];
  let next = 1;
  let ending = false;
  const begin = async (spec: ServiceSpec): Promise<void> => {
    const running: Running = await spec.start();
    pids.set(spec.name, running.pid);
    seen.push(`started ${running.pid}`);
    void running.exited.then(() => {
      pids.delete(spec.name);
      if (!ending) void begin(spec).catch(() => seen.push('not started'));
    });
  };
  const supervisor: Supervisor = {
    async run(spec) {
      await begin(spec);
      return service(spec.name);
    },
    service: (name) => service(name),
    async stop() {
      ending = true;
    },
  };
  const service = (name: string) => ({
    name,
    pid: () => pids.get(name),
    isLost: () => false,
    exits: () => [],
    signal: () => {
      ends.get(name)?.();
      return true;
    },
  });
  const spec = (name: string): ServiceSpec => ({
    name,
    group: name,
    log: '',
    start: async () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      ends.set(name, () => resolve('SIGKILL'));
      return { pid: next++, exited: promise };
    },
  });
  return { supervisor, spec, seen };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a held service is killed and stays down until it is released', async () => {
  const { supervisor, spec, seen } = pretendSupervisor();
  const held = holdable(supervisor);
  await held.run(spec('node'));
  await held.hold('node');
  await settled();
  expect(held.service('node')?.pid()).toBeUndefined();
  expect(seen).toEqual(['started 1']);
  held.release('node');
  await settled();
  expect(held.service('node')?.pid()).toBe(2);
});

test('a service that is not held is restarted as ever', async () => {
  const { supervisor, spec } = pretendSupervisor();
  const held = holdable(supervisor);
  const service = await held.run(spec('node'));
  service.signal('SIGKILL');
  await settled();
  expect(service.pid()).toBe(2);
});

test('stopping everything does not wait for what is held, and starts nothing', async () => {
  const { supervisor, spec, seen } = pretendSupervisor();
  const held = holdable(supervisor);
  await held.run(spec('node'));
  await held.hold('node');
  await held.stop();
  await settled();
  expect(seen).toEqual(['started 1', 'not started']);
});
