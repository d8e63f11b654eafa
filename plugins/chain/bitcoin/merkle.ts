import { hash } from 'node:crypto';

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

/** Bitcoin's double SHA-256, in internal byte order. */
export const doubleSha256 = (bytes: Uint8Array): Buffer => sha256(sha256(bytes));

/** Display order, as explorers and RPCs print hashes; internal order is what is hashed and signed. */
export const displayHex = (internal: Uint8Array): string => Buffer.from(internal).reverse().toString('hex');
export const internalBytes = (display: string): Buffer => Buffer.from(display, 'hex').reverse();

/**
 * Root over `leaves`, which holds 32-byte hashes back to back and is used as working space.
 * `duplicated` is true when a real pair of equal neighbours occurs: another list of transactions would give the same root (CVE-2012-2459).
 */
export function merkleRoot(leaves: Buffer): { readonly root: Buffer; readonly duplicated: boolean } {
  let count = leaves.length / 32;
  let duplicated = false;
  const pair = Buffer.allocUnsafe(64);
  while (count > 1) {
    const next = (count + 1) >> 1;
    for (let i = 0; i < next; i++) {
      const left = i * 64;
      const right = i * 2 + 1 < count ? left + 32 : left;
      if (right !== left && leaves.compare(leaves, right, right + 32, left, left + 32) === 0) duplicated = true;
      leaves.copy(pair, 0, left, left + 32);
      leaves.copy(pair, 32, right, right + 32);
      sha256(sha256(pair)).copy(leaves, i * 32);
    }
    count = next;
  }
  return { root: Buffer.from(leaves.subarray(0, 32)), duplicated };
}
