import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB, shared pages included. Throws when it has ended. */
export function residentMib(pid: number): number {
  const kib = process.platform === 'linux' ? fromStatus(readFileSync(`/proc/${pid}/status`, 'latin1')) : fromPs(pid);
  if (kib === undefined || !(kib > 0)) throw new Error(`process ${pid} has no resident memory`);
  return kib / 1_024;
}

/** proc(5): the line `VmRSS:  123456 kB`. */
export function fromStatus(text: string): number | undefined {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

const fromPs = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 }).trim());
