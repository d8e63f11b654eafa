import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 8_192;
const LINES = 8;

/** The last lines of a log as the end of a sentence; empty when there is nothing to show. */
export function lastLines(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8').trimEnd().split('\n').slice(-LINES);
    return lines.join('').trim() === ''
      ? ''
      : `\n  the log ${file} ends:\n${lines.map((line) => `    ${line.slice(0, 300)}`).join('\n')}`;
  } finally {
    closeSync(fd);
  }
}
