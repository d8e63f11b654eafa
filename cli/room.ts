import { spawn } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import { EXIT, type ExitCode } from './exit.ts';

const ROOT = resolvePath(import.meta.dirname, '..');

/** Node's own notices about features that this project pins on purpose say nothing to an operator. */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'];

/**
 * Runs another room's entry file with this terminal, and gives its exit code. Ctrl-C reaches the child through the terminal;
 * this process stays until the child has put everything away.
 */
export function runRoom(
  entry: string,
  args: readonly string[],
  nodeFlags: readonly string[] = NODE_FLAGS,
): Promise<ExitCode> {
  const child = spawn(process.execPath, [...nodeFlags, resolvePath(ROOT, entry), ...args], {
    stdio: 'inherit',
  });
  const stay = (): void => undefined;
  const pass = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', stay);
  process.on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGINT', stay);
      process.off('SIGTERM', pass);
      resolve(code === 0 || code === 2 || code === 3 ? code : EXIT.refused);
    });
  });
}

/** `{ once: true, portBase: "27000" }` to `--once --port-base 27000`; what was not given is not passed on. */
export function flags(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === null) return [];
    if (value === true) return [flag];
    if (value === false) return [flag.replace('--', '--no-')];
    return [flag, typeof value === 'string' ? value : JSON.stringify(value)];
  });
}
