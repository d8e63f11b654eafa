import { expect, test } from '@jest/globals';
import { createLogger } from './log.ts';

function captured(): { lines: string[]; destination: { write(line: string): void } } {
  const lines: string[] = [];
  return { lines, destination: { write: (line) => void lines.push(line) } };
}

test('a line is one JSON object with name, level word, time and sentence', () => {
  const { lines, destination } = captured();
  createLogger({ name: 'worker', destination }).info({ height: 7 }, 'new tip');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name: 'worker', level: 'info', height: 7, msg: 'new tip' });
});

test('a planted secret reaches the log neither as a field nor inside an error', () => {
  const { lines, destination } = captured();
  const logger = createLogger({ name: 'worker', destination });
  logger.error({ pin: 'planted-4711', err: new Error('login failed: pin=planted-4711') }, 'no token');
  expect(lines.join('')).toContain('no token');
  expect(lines.join('')).not.toContain('planted-4711');
});

test('what is below the level is not written', () => {
  const { lines, destination } = captured();
  createLogger({ name: 'worker', level: 'warn', destination }).info({}, 'quiet');
  expect(lines).toEqual([]);
});
