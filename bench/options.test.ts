import { expect, test } from '@jest/globals';
import { readOptions, UsageError } from './options.ts';

const names = ['scanner', 'takeover'];
const read = (...args: string[]) => readOptions(args, names);

test('without flags everything is measured as often as each measure thinks right', () => {
  expect(read()).toEqual({ only: [], json: undefined, runs: undefined, write: false });
});

test('measures can be picked, several times, with their number of runs and a file', () => {
  expect(read('--only', 'takeover', '--only', 'scanner', '--runs', '20', '--json', 'x.json')).toEqual({
    only: ['takeover', 'scanner'],
    json: 'x.json',
    runs: 20,
    write: false,
  });
});

test('a measure that does not exist is refused with the ones that do', () => {
  expect(() => read('--only', 'speed')).toThrow(
    new UsageError('there is no measure "speed"; there are scanner, takeover'),
  );
});

test('a number of runs that is none is refused', () => {
  for (const runs of ['0', '-1', '1.5', 'many', '', '1001', '1e3'])
    expect(() => read(`--runs=${runs}`)).toThrow(UsageError);
});

test('a part of the table is not written to the page', () => {
  expect(read('--write').write).toBe(true);
  expect(() => read('--write', '--only', 'scanner')).toThrow('whole table');
  expect(() => read('--write', '--runs', '3')).toThrow('whole table');
});

test('unknown flags and stray words are refused', () => {
  expect(() => read('--fast')).toThrow(UsageError);
  expect(() => read('scanner')).toThrow(UsageError);
});
