import { expect, test } from '@jest/globals';
import { fromStatus, residentMib } from './resident.ts';

test('resident memory is read from the kernel’s own line', () => {
  expect(fromStatus('VmPeak:\t  900 kB\nVmRSS:\t  123456 kB\nRssAnon:\t  5 kB\n')).toBe(123_456);
  expect(fromStatus('VmPeak:\t  900 kB\n')).toBeUndefined();
});

test('this process has some, and a process that has ended has no figure', () => {
  expect(residentMib(process.pid)).toBeGreaterThan(20);
  expect(() => residentMib(2 ** 22 + 1)).toThrow();
});
