import { expect, test } from '@jest/globals';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { proveEqualLogs } from '../../threshold/session/dleq.ts';
import { Point } from '../../threshold/verify/curve.ts';
import { verifyEqualLogs } from '../../threshold/verify/dleq.ts';
import { readVectors } from './data.ts';

/** The files have points at infinity and messages that are absent; `INFINITY` and an empty field say so. */
const point = (hex: string): Point => (hex === 'INFINITY' ? Point.ZERO : Point.fromHex(hex));
const rowsOf = (name: string): readonly (readonly string[])[] =>
  readVectors(name)
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));

const made = rowsOf('bip374-generate.csv');
const judged = rowsOf('bip374-verify.csv');

test('the files have the rows that are expected', () => {
  expect(made.filter((row) => row[6] !== 'INVALID').length).toBe(8);
  expect(judged.map((row) => row[7])).toEqual([...Array(8).fill('TRUE'), ...Array(7).fill('FALSE')]);
});

test.each(made)(
  'proof %s: the same bytes, or none',
  (_index, base = '', secret = '', other = '', aux = '', message = '', proof = '') => {
    const prove = () =>
      proveEqualLogs(hexToBytes(secret), point(other), hexToBytes(aux), hexToBytes(message), point(base));
    if (proof === 'INVALID') expect(prove).toThrow();
    else expect(bytesToHex(prove().proof)).toBe(proof);
  },
);

test.each(judged)(
  'proof %s is judged as the specification says',
  (_index, base = '', first = '', other = '', shared = '', proof = '', message = '', result = '') => {
    const statement = {
      base: point(base),
      made: point(first),
      other: point(other),
      shared: point(shared),
      message: hexToBytes(message),
    };
    expect(verifyEqualLogs(statement, hexToBytes(proof))).toBe(result === 'TRUE');
  },
);
