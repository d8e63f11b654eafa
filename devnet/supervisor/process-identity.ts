import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A pid alone is reused by the system; with its start time it names one process for ever. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string };

/** Start time of a live process in the system's own unit; undefined when there is none (a zombie counts as none). */
export function startTimeOf(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export const isAlive = (identity: ProcessIdentity): boolean => startTimeOf(identity.pid) === identity.startTime;

/** Sends a signal to exactly this process; false when it is gone or the pid belongs to somebody else by now. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false; // it ended between the look and the signal
  }
}

/** proc(5): field 22 is the start time in clock ticks since boot; the name in field 2 may hold spaces and parentheses. */
function fromProc(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
