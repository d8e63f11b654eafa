import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 32_768;

/**
 * The last lines of a log, without reading a large file whole.
 *
 * @param {string} file
 * @param {number} count
 * @returns {string[]} empty when there is no such file
 */
export function lastLines(file, count) {
  try {
    const handle = openSync(file, 'r');
    try {
      const { size } = fstatSync(handle);
      const length = Math.min(size, TAIL_BYTES);
      const buffer = Buffer.alloc(length);
      readSync(handle, buffer, 0, length, size - length);
      return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
    } finally {
      closeSync(handle);
    }
  } catch {
    return [];
  }
}
