import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Digest, digestOf, documentDigest, TAGS } from '../encoding/digest.ts';
import { fromHex } from '../encoding/hex.ts';
import { inclusionProof, isIncluded, leafOf, merkleRoot } from './merkle.ts';

const records = (count: number): Digest[] =>
  Array.from({ length: count }, (_unused, at) => documentDigest(TAGS.auditRecord, at));
const bytes = (digest: Digest): Uint8Array => fromHex(digest, 'digest', 32);

/** RFC 6962 §2.1 word for word, for a comparison with the tree that grows. */
function byTheBook(list: readonly Digest[]): Digest {
  const [only, ...more] = list;
  if (only !== undefined && more.length === 0) return leafOf(only);
  let left = 1;
  while (left * 2 < list.length) left *= 2;
  return digestOf(TAGS.auditNode, bytes(byTheBook(list.slice(0, left))), bytes(byTheBook(list.slice(left))));
}

describe('the tree over records', () => {
  test('that grows leaf by leaf has the root of RFC 6962', () => {
    for (let count = 1; count <= 70; count += 1) expect(merkleRoot(records(count))).toBe(byTheBook(records(count)));
    expect(merkleRoot([])).toBeUndefined();
  });

  test('proves each record at its place and at no other, for every size', () => {
    for (let count = 1; count <= 20; count += 1) {
      const list = records(count);
      const root = merkleRoot(list) as Digest;
      for (const [index, record] of list.entries()) {
        const proof = inclusionProof(list, index);
        for (let place = 0; place < count; place += 1)
          expect(isIncluded(record, place, count, proof, root)).toBe(place === index);
      }
    }
  });

  test('proves nothing that is not in it, whatever the proof', () => {
    const list = records(13);
    const root = merkleRoot(list) as Digest;
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => digestOf(TAGS.selfTest, raw));
    fc.assert(
      fc.property(digest, fc.nat(20), fc.array(digest, { maxLength: 6 }), (record, index, proof) => {
        expect(isIncluded(record, index, 13, proof, root)).toBe(false);
      }),
    );
    const proof = inclusionProof(list, 4);
    const [record] = list.slice(4);
    expect(isIncluded(record as Digest, 4, 13, [...proof, root], root)).toBe(false);
    expect(isIncluded(record as Digest, 4, 13, proof.slice(1), root)).toBe(false);
    expect(isIncluded(record as Digest, -1, 13, proof, root)).toBe(false);
  });

  test('never takes a node for a record: leaves and nodes have tags of their own', () => {
    const [one, two] = records(2) as [Digest, Digest];
    const asRecord = digestOf(TAGS.auditNode, bytes(leafOf(one)), bytes(leafOf(two)));
    expect(merkleRoot([one, two])).toBe(asRecord);
    expect(merkleRoot([asRecord])).not.toBe(asRecord);
  });
});
