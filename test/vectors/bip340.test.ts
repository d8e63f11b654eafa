import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { readVectors } from './data.ts';

const [header = '', ...lines] = readVectors('bip340.csv').trim().split(/\r?\n/);
const rows = lines.map((line) => {
  const [index = '', secret = '', publicKey = '', aux = '', message = '', signature = '', result = '', ...comment] =
    line.toLowerCase().split(',');
  return { index, secret, publicKey, aux, message, signature, result, comment: comment.join(',') };
});

test('the file has the columns and the number of rows that are expected', () => {
  expect(header).toBe('index,secret key,public key,aux_rand,message,signature,verification result,comment');
  expect(rows).toHaveLength(19);
  expect(rows.filter(({ result }) => result === 'false')).toHaveLength(10);
});

test.each(rows)('vector $index: verification says $result $comment', ({ publicKey, message, signature, result }) => {
  const verdict = verifyingSuite.verifySignature(hexToBytes(publicKey), hexToBytes(message), hexToBytes(signature));
  expect(verdict).toBe(result === 'true');
});

test.each(rows.filter(({ secret }) => secret !== ''))('vector $index: signing gives the same bytes', (row) => {
  expect(bytesToHex(schnorr.getPublicKey(hexToBytes(row.secret)))).toBe(row.publicKey);
  const made = schnorr.sign(hexToBytes(row.message), hexToBytes(row.secret), hexToBytes(row.aux));
  expect(bytesToHex(made)).toBe(row.signature);
});
