import { expect, test } from '@jest/globals';
import { readDuration, readWholeNumber } from './duration.ts';

test.each([
  ['90s', 90],
  ['30m', 1_800],
  ['2h', 7_200],
  ['90d', 7_776_000],
])('%s is %i seconds', (text, seconds) => {
  expect(readDuration(text, '--for')).toBe(seconds);
});

test.each(['', '0h', '2', '2 h', '-1h', '91d', '1e3s', 'h'])('"%s" is no duration and the flag is named', (text) => {
  expect(() => readDuration(text, '--for')).toThrow('--for');
});

test.each(['', '-1', '1.5', '0x10', '11', ' 5', '9'.repeat(17)])('"%s" is no whole number from 1 to 10', (text) => {
  expect(() => readWholeNumber(text, '--limit', 1, 10)).toThrow('from 1 to 10');
});
