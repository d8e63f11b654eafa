import { expect, test } from '@jest/globals';
import { layoutOf } from './json-text.ts';

const text = `{
  "a": 1,
  "b": { "c": "x,]}\\"", "d":
    [ 10, { "e": true },
      "f" ] },
  "": null
}`;

test('every field is found on its line, through strings that look like structure', () => {
  const { lineOf, repeated } = layoutOf(text);
  expect(JSON.parse(text)).toBeDefined();
  expect(repeated).toBeUndefined();
  const wanted: readonly [readonly PropertyKey[], number][] = [
    [[], 1],
    [['a'], 2],
    [['b', 'c'], 3],
    [['b', 'd'], 3],
    [['b', 'd', 0], 4],
    [['b', 'd', 1, 'e'], 4],
    [['b', 'd', 2], 5],
    [[''], 6],
  ];
  for (const [path, line] of wanted) expect([path, lineOf(path)]).toEqual([path, line]);
});

test('a field that is missing stands where its parent begins', () => {
  expect(layoutOf(text).lineOf(['b', 'zz'])).toBe(3);
  expect(layoutOf(text).lineOf(['zz'])).toBe(1);
});

test('a name that comes twice in one object is found, also when one of them is escaped', () => {
  expect(layoutOf('{"a":1,"b":{"c":1,"c":2}}').repeated).toEqual(['b', 'c']);
  expect(layoutOf('{"a":1,"\\u0061":2}').repeated).toEqual(['a']);
  expect(layoutOf('[{"a":1},{"a":2}]').repeated).toBeUndefined();
  expect(layoutOf('{"a":{"b":1},"b":2}').repeated).toBeUndefined();
});
