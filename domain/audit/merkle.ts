import { type Digest, digestOf, TAGS } from '../encoding/digest.ts';
import { fromHex } from '../encoding/hex.ts';

/**
 * The tree of RFC 6962 §2.1 over the records' digests, with tagged hashes in the place of its 0x00 and 0x01: a leaf can never be read as
 * a node. It is split at the largest power of two below the number of leaves, so that a tree is known by its perfect subtrees.
 */
export const leafOf = (record: Digest): Digest => digestOf(TAGS.auditLeaf, bytes(record));
const nodeOf = (left: Digest, right: Digest): Digest => digestOf(TAGS.auditNode, bytes(left), bytes(right));
const bytes = (digest: Digest): Uint8Array => fromHex(digest, 'digest', 32);

/** Roots of the perfect subtrees of a tree that grows, the largest first: one for each bit that is set in its number of leaves. */
export type Frontier = readonly Digest[];

/** The frontier after one more leaf. `count` is the number of leaves before it. */
export function grown(frontier: Frontier, count: number, record: Digest): Frontier {
  const next = [...frontier];
  let root = leafOf(record);
  for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = next.pop();
    if (left === undefined) break;
    root = nodeOf(left, root);
  }
  return [...next, root];
}

/** The root over everything that the frontier stands for; undefined for no leaf at all. */
export const rootOf = (frontier: Frontier): Digest | undefined =>
  frontier.length === 0 ? undefined : frontier.reduceRight((right, left) => nodeOf(left, right));

const frontierOf = (records: readonly Digest[]): Frontier =>
  records.reduce<Frontier>((frontier, record, count) => grown(frontier, count, record), []);

/** The root over all records, oldest first. */
export const merkleRoot = (records: readonly Digest[]): Digest | undefined => rootOf(frontierOf(records));

/** Siblings from the leaf up: with them, one record alone is shown to be in a signed root. `index` from 0. */
export function inclusionProof(records: readonly Digest[], index: number): readonly Digest[] {
  if (records.length <= 1) return [];
  const left = splitAt(records.length);
  const [near, far] =
    index < left ? [records.slice(0, left), records.slice(left)] : [records.slice(left), records.slice(0, left)];
  const sibling = merkleRoot(far);
  const below = inclusionProof(near, index < left ? index : index - left);
  return sibling === undefined ? below : [...below, sibling];
}

/** Whether `record` is the one at `index` of the `count` records under `root`. */
export function isIncluded(
  record: Digest,
  index: number,
  count: number,
  proof: readonly Digest[],
  root: Digest,
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return false;
  const computed = climb(leafOf(record), index, count, proof);
  return computed === root;
}

function climb(leaf: Digest, index: number, count: number, proof: readonly Digest[]): Digest | undefined {
  if (count === 1) return proof.length === 0 ? leaf : undefined;
  const sibling = proof.at(-1);
  if (sibling === undefined) return undefined;
  const left = splitAt(count);
  const isLeft = index < left;
  const below = climb(leaf, isLeft ? index : index - left, isLeft ? left : count - left, proof.slice(0, -1));
  if (below === undefined) return undefined;
  return isLeft ? nodeOf(below, sibling) : nodeOf(sibling, below);
}

/** The largest power of two below `count`, which is at least 2. */
function splitAt(count: number): number {
  let left = 1;
  while (left * 2 < count) left *= 2;
  return left;
}
