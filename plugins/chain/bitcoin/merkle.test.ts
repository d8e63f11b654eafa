import { expect, test } from '@jest/globals';
import { Block, Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { displayHex, internalBytes, merkleRoot } from './merkle.ts';

const transactions = (count: number): Transaction[] =>
  Array.from({ length: count }, (_, index) => {
    const transaction = new Transaction();
    transaction.addInput(Buffer.alloc(32, index), index);
    transaction.addOutput(Buffer.from('51', 'hex'), BigInt(index));
    return transaction;
  });

const leavesOf = (list: readonly Transaction[]): Buffer => Buffer.concat(list.map((one) => one.getHash()));

test('the root equals that of bitcoinjs-lib for one to seventy transactions', () => {
  for (let count = 1; count <= 70; count++) {
    const list = transactions(count);
    const { root, duplicated } = merkleRoot(leavesOf(list));
    expect(root.equals(Block.calculateMerkleRoot(list))).toBe(true);
    expect(duplicated).toBe(false);
  }
});

test('a list that repeats its end has the same root and is told apart (CVE-2012-2459)', () => {
  const [a, b, c] = transactions(3);
  if (a === undefined || b === undefined || c === undefined) throw new Error('three transactions');
  const honest = merkleRoot(leavesOf([a, b, c]));
  const padded = merkleRoot(leavesOf([a, b, c, c]));
  expect(padded.root.equals(honest.root)).toBe(true);
  expect([honest.duplicated, padded.duplicated]).toEqual([false, true]);
});

test('display order and internal order are each other reversed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect([...internalBytes(displayHex(bytes))]).toEqual([...bytes]);
    }),
  );
});
