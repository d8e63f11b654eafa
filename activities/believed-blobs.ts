import { sha256Hex } from '../domain/encoding/digest.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { BlobRef, BlobStore } from '../domain/ports/blob-store.ts';

/**
 * A store whose word counts for nothing: bytes are what their digest says, on the way in and on the way out. The shipped plug-ins check
 * this themselves; one of others that does not would hand an activity anything, and a text that is no JSON stands in the error about it.
 * Throws `policy.blob-damaged`.
 */
export const believed = (store: BlobStore): BlobStore => ({
  put: async (bytes, context) => {
    const ref = refOf(bytes);
    const said: Partial<BlobRef> | undefined = await store.put(bytes, context);
    if (said?.digest !== ref.digest || said.sizeBytes !== ref.sizeBytes) throw damaged(ref, 'under another name');
    return ref;
  },
  get: async (ref, context) => {
    const bytes = await store.get(ref, context);
    const { digest, sizeBytes } = ArrayBuffer.isView(bytes) ? refOf(bytes) : {};
    if (digest !== ref.digest || sizeBytes !== ref.sizeBytes) throw damaged(ref, 'with other bytes');
    return bytes;
  },
  has: (ref) => store.has(ref),
});

const refOf = (bytes: Uint8Array): BlobRef => ({ digest: sha256Hex(bytes), sizeBytes: bytes.length });

const damaged = ({ digest }: BlobRef, how: string): FirebreakFailure =>
  new FirebreakFailure('policy.blob-damaged', `the blob store answers for ${digest} ${how}`, { digest });
