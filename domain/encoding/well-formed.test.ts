import { expect, test } from '@jest/globals';
import { canonicalBytes } from './digest.ts';
import { wellFormed } from './well-formed.ts';

const HALF = '\ud83d';

test('half a surrogate pair, wherever it stands, keeps no value from having a digest', () => {
  const value = { [`a${HALF}`]: [HALF, { b: `${HALF}x` }], whole: '\u{1f600}', count: 1, none: null };
  expect(() => canonicalBytes(value)).toThrow();
  expect(wellFormed(value)).toEqual({
    'a\ufffd': ['\ufffd', { b: '\ufffdx' }],
    whole: '\u{1f600}',
    count: 1,
    none: null,
  });
  expect(() => canonicalBytes(wellFormed(value))).not.toThrow();
});
