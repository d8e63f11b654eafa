import { expect, test } from '@jest/globals';
import { readInitArguments } from './init-arguments.ts';

const folderOf = (...args: string[]): string => readInitArguments(['--id', '7', ...args]).options.folder;

test('the folder can be named as the other verbs name theirs', () => {
  expect(folderOf('--data', 'v7')).toBe('v7');
  expect(folderOf('--dir', 'v7')).toBe('v7');
  expect(folderOf('--dir', 'v7', '--data', 'v7')).toBe('v7');
  expect(folderOf()).toBe('.');
});

test('two folders are one too many', () => {
  expect(() => folderOf('--dir', 'v7', '--data', 'v8')).toThrow('--dir and --data name two folders');
});
