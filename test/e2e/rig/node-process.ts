import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { leanNodeFlags } from '../../../toolchain/lean-node.mjs';

export const PROJECT = join(import.meta.dirname, '..', '..', '..');
const OUTPUT_CHARACTERS_MAX = 4_000_000;

/** How a program ended and all that it said. */
export type Ended = { readonly code: number | string; readonly out: string; readonly err: string };

export type RunOptions = {
  readonly cwd?: string;
  /** On top of this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

/** A program that was started and may be looked at while it runs. */
export type Started = {
  readonly pid: number;
  /** Everything said so far, both streams in order of arrival. */
  said(): string;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
};

/** Starts an entry file of this project on the same Node; it is killed when it runs longer than `timeoutMs`. */
export function startEntry(entry: string, args: readonly string[], options: RunOptions = {}): Started {
  const child: ChildProcess = spawn(process.execPath, [...leanNodeFlags, join(PROJECT, entry), ...args], {
    cwd: options.cwd ?? PROJECT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  let all = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out = (out + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
    all = (all + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err = (err + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
    all = (all + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
  });
  const timeoutMs = options.timeoutMs ?? 60_000;
  const timer = setTimeout(() => {
    all += `\n[the test killed it after ${timeoutMs} ms]`;
    child.kill('SIGKILL');
  }, timeoutMs);
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    clearTimeout(timer);
    return { code: (code as number | null) ?? String(signal), out, err };
  });
  return { pid: child.pid ?? 0, said: () => all, signal: (signal) => void child.kill(signal), ended };
}

export const runEntry = (entry: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  startEntry(entry, args, options).ended;

/** The operator's tool in a process of its own, as it is typed. */
export const firebreak = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  runEntry('cli/main.ts', args, options);
