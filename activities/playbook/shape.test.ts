import { expect, test } from '@jest/globals';
import { requireShape } from './shape.ts';

const RESULTS = { number: 'int', validators: 'list<validator>' } as const;

test('what is not listed goes no further than the worker', () => {
  const given = { number: 1, validators: [1, 2], debug: 'canary', big: 1n };
  expect(requireShape('x.act', given, RESULTS)).toEqual({ number: 1, validators: [1, 2] });
  expect(requireShape('x.act', { debug: 'canary' }, {})).toEqual({});
});

test.each([undefined, null, 'canary', 7, [], { number: '1', validators: [1] }, { number: 1 }])(
  'another shape is refused without a word of what was given: %p',
  (given) => {
    const refused = (): unknown => requireShape('x.act', given, RESULTS);
    expect(refused).toThrow(expect.objectContaining({ code: 'bug.capability-results' }));
    expect(refused).toThrow(/^x\.act gave a (number|validators) that is not (int|list<validator>)$/);
  },
);

test('a value is read once: what is something else at a second look was taken as it was at the first', () => {
  let looks = 0;
  const given = {
    get number() {
      looks += 1;
      return looks === 1 ? 1 : 'canary';
    },
    validators: [],
  };
  expect(requireShape('x.act', given, RESULTS)).toEqual({ number: 1, validators: [] });
});
