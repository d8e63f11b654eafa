import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockFolder, isLocked } from './folder-lock.ts';
import { leftovers, openLedger, readState } from './ledger.ts';
import { launch, plainEnvironment } from './launch.ts';
import { identify, isAlive, signalProcess } from './process-identity.ts';
import { endProcess, type ServiceSpec, supervise, type SupervisorEvent } from './supervisor.ts';

let folder = '';
const begun: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-supervisor-'));
});
afterEach(() => {
  for (const pid of begun.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended as it should
    }
  }
  rmSync(folder, { recursive: true });
});

const file = (name: string): string => join(folder, name);

function script(name: string, code: string): ServiceSpec {
  const log = file(`${name}.log`);
  return {
    name,
    group: name,
    log,
    stopGraceMs: 2_000,
    start: async () => {
      const running = await launch({
        command: process.execPath,
        args: ['-e', code],
        cwd: folder,
        env: plainEnvironment(),
        log,
      });
      begun.push(running.pid);
      return running;
    },
  };
}
const STAYS = 'setInterval(() => {}, 1000); console.log("up")';

function events() {
  const seen: SupervisorEvent[] = [];
  const listeners = new Set<() => void>();
  return {
    seen,
    take: (event: SupervisorEvent): void => {
      seen.push(event);
      for (const listener of listeners) listener();
    },
    /** Waits for the `count`-th event of a kind. */
    until: async (kind: SupervisorEvent['kind'], count: number): Promise<void> => {
      while (seen.filter((event) => event.kind === kind).length < count) {
        await new Promise<void>((resolve) => {
          const listener = (): void => {
            listeners.delete(listener);
            resolve();
          };
          listeners.add(listener);
        });
      }
    },
  };
}
const ledger = () => openLedger(file('devnet.json'), { portBase: 7_233, keystore: 'file' });

test('a process that is killed runs again under another pid, and its output is in the log', async () => {
  const { take, until } = events();
  const supervisor = supervise(ledger(), take);
  const service = await supervisor.run(script('worker', STAYS));
  const first = service.pid();
  const log = () => readFileSync(file('worker.log'), 'utf8');
  while (!log().includes('up')) await wait(20);
  expect(service.signal('SIGKILL')).toBe(true);
  await until('started', 2);
  expect(service.pid()).not.toBe(first);
  await supervisor.stop();
});

test('a process that is to run once stays ended, and the next of its name is another one', async () => {
  const { take, until } = events();
  const supervisor = supervise(ledger(), take);
  const first = await supervisor.run({ ...script('copy', STAYS), once: true });
  expect(first.signal('SIGKILL')).toBe(true);
  await until('ended', 1);
  await supervisor.run({ ...script('copy', STAYS), once: true });
  expect(supervisor.service('copy')?.pid()).toBeDefined();
  expect(first.pid()).toBeUndefined();
  await supervisor.stop();
});

test('stop ends every process in reverse order and restarts nothing', async () => {
  const { seen, take } = events();
  const supervisor = supervise(ledger(), take);
  const first = await supervisor.run(script('first', STAYS));
  const second = await supervisor.run(script('second', STAYS));
  const pids = [first.pid(), second.pid()];
  await supervisor.stop();
  expect(seen.filter(({ kind }) => kind === 'ended').map(({ name }) => name)).toEqual(['second', 'first']);
  for (const pid of pids) expect(identify(pid ?? 0)).toBeUndefined();
  expect(readState(file('devnet.json'))?.processes).toEqual([]);
});

test('a stopped (SIGSTOP) process, and one that ignores SIGTERM, are ended too', async () => {
  const supervisor = supervise(ledger());
  const frozen = await supervisor.run(script('frozen', STAYS));
  const deaf = await supervisor.run({
    ...script('deaf', `process.on("SIGTERM", () => {}); ${STAYS}`),
    stopGraceMs: 300,
  });
  const pids = [frozen.pid() ?? 0, deaf.pid() ?? 0];
  frozen.signal('SIGSTOP');
  await supervisor.stop();
  for (const pid of pids) expect(identify(pid)).toBeUndefined();
});

test('a program that does not exist fails by name and leaves nothing running', async () => {
  const supervisor = supervise(ledger());
  const spec = script('ghost', STAYS);
  const missing = { command: '/nonexistent/program', args: [], cwd: folder, env: {}, log: spec.log };
  await expect(supervisor.run({ ...spec, start: () => launch(missing) })).rejects.toMatchObject({
    code: 'unavailable.process-ended',
    message: expect.stringContaining('ghost'),
  });
  await supervisor.stop();
});

test('what a crashed supervisor left is found by pid and start time, and a stranger with a reused pid is not', async () => {
  const child = spawn(process.execPath, ['-e', STAYS], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  begun.push(child.pid ?? 0);
  ledger().add('validator-001', child.pid ?? 0);
  const state = readState(file('devnet.json'));
  if (state === undefined) throw new Error('the ledger wrote nothing');
  expect(leftovers(state).map(({ name }) => name)).toEqual(['validator-001']);
  const reused = { ...state, processes: state.processes.map((one) => ({ ...one, startTime: '1' })) };
  expect(leftovers(reused)).toEqual([]);
  expect(signalProcess({ pid: child.pid ?? 0, startTime: '1' }, 'SIGKILL')).toBe(false);
  const [left] = leftovers(state);
  if (left === undefined) throw new Error('nothing was left');
  await endProcess(left, 2_000);
  expect(isAlive(left)).toBe(false);
});

test('a data folder has one holder, and the lock goes with a holder that is killed', async () => {
  const lock = lockFolder(file('lock'));
  expect(isLocked(file('lock'))).toBe(true);
  expect(() => lockFolder(file('lock'))).toThrow('another devnet');
  lock.release();
  expect(isLocked(file('lock'))).toBe(false);

  const holder = spawn(
    process.execPath,
    [
      '-e',
      `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(${JSON.stringify(file('lock'))});
       db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => db, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  begun.push(holder.pid ?? 0);
  await once(holder.stdout, 'data');
  expect(isLocked(file('lock'))).toBe(true);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(isLocked(file('lock'))).toBe(false);
});

test('a ledger that cannot be read is damage and not an empty one', () => {
  ledger();
  expect(existsSync(file('devnet.json'))).toBe(true);
  rmSync(file('devnet.json'));
  expect(readState(file('devnet.json'))).toBeUndefined();
  writeFileSync(file('devnet.json'), '{"version":1');
  expect(() => readState(file('devnet.json'))).toThrow('cannot be read');
});
