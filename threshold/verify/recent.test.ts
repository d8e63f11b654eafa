import { expect, test } from '@jest/globals';
import { Recent } from './recent.ts';

test('what is remembered has an end, and what was asked for longest ago goes first', () => {
  const recent = new Recent<number>(2);
  recent.keep('a', 1);
  recent.keep('b', 2);
  expect(recent.get('a')).toBe(1);
  recent.keep('c', 3);
  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([1, undefined, 3]);
});

test('a name that is kept again has the new value and takes one place', () => {
  const recent = new Recent<string>(2);
  recent.keep('a', 'old');
  recent.keep('b', 'b');
  expect(recent.keep('a', 'new')).toBe('new');
  expect([recent.get('a'), recent.get('b')]).toEqual(['new', 'b']);
});
