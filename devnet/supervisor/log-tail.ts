import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 8_192;
/** As many as an error takes that nobody caught: its words stand above its stack. */
const LINES = 16;
const CHARACTERS = 300;

/** The last lines of a log as the end of a sentence; empty when there is nothing to show. */
export function lastLines(file: string): string {
  const lines = tailOf(file).slice(-LINES);
  return lines.length === 0
    ? ''
    : `\n  the log ${file} ends:\n${lines.map((line) => `    ${line.slice(0, CHARACTERS)}`).join('\n')}`;
}

/** The last line of a log; empty when there is none. */
export const lastLine = (file: string): string => (tailOf(file).at(-1) ?? '').slice(0, CHARACTERS);

function tailOf(file: string): readonly string[] {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.toString('utf8').trimEnd();
    return text.trim() === '' ? [] : text.split('\n');
  } finally {
    closeSync(fd);
  }
}
