import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { compileCacheFor } from '../../toolchain/compile-cache.mjs';
import { FOLDER_MARK } from '../../toolchain/port-holder.mjs';

/** A process that runs, whoever started it; `exited` resolves with its exit code or signal in words. */
export type Running = { readonly pid: number; readonly exited: Promise<string> };

export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited by accident. */
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error are appended here. */
  readonly log: string;
};

/** In the environment of every process of a devnet: the folder it was started for. What is found by it was started by us. */
export { FOLDER_MARK };

/**
 * Starts a process in a session of its own, so that Ctrl-C in the terminal reaches only the supervisor,
 * which then stops everything in order.
 */
export function launch(spec: Launch): Promise<Running> {
  mkdirSync(dirname(spec.log), { recursive: true, mode: 0o700 });
  const log = openSync(spec.log, 'a', 0o600);
  const child = spawn(spec.command, [...spec.args], {
    cwd: spec.cwd,
    env: { ...spec.env, [FOLDER_MARK]: spec.cwd },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve({ pid: child.pid ?? 0, exited }));
  });
}

/** What a child needs from the surroundings: paths and locale, no credentials. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'SOFTHSM2_CONF'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...compileCacheFor(process.env), ...Object.fromEntries(kept), ...extra };
}
