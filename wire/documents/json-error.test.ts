import { expect, test } from '@jest/globals';
import { placeOfJsonError } from './json-error.ts';

test.each([
  ['{"a": short}', 1, 7],
  ['{"a": 1,\n "b": }', 2, 7],
  ['{"a": 1,\n}', 2, 1],
  ['{"a": 1\n "b": 2}', 2, 2],
  ['[1, 2,]', 1, 7],
  ['{"a": 01}', 1, 8],
  ['{"a": "x\ny"}', 1, 7],
  ["{'a': 1}", 1, 2],
  ['{"a" 1}', 1, 6],
  ['{"a": [1, {"b": true}', 1, 22],
  ['{"a": 1} x', 1, 9],
  ['', 1, 1],
])('%j stops being JSON at line %i, column %i', (text, line, column) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(placeOfJsonError(text)).toEqual({ line, column });
});
