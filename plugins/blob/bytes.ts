import { type Digest, sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { BlobFailureCode } from './failures.ts';

/** No blob is larger, in any store: what one plug-in takes, every other must take after a move. */
export const BLOB_BYTES_MAX = 16 * 1024 * 1024;

/** The name of the bytes; throws `input.blob-too-large`. */
export function refOf(bytes: Uint8Array): BlobRef {
  if (bytes.length > BLOB_BYTES_MAX) {
    throw failure('input.blob-too-large', `a blob of ${bytes.length} bytes is above the limit of ${BLOB_BYTES_MAX}`);
  }
  return { digest: sha256Hex(bytes), sizeBytes: bytes.length };
}

/** Throws `policy.blob-damaged` unless the bytes are the ones that `ref` names. */
export function checkBytes(ref: BlobRef, bytes: Uint8Array): void {
  if (bytes.length !== ref.sizeBytes || sha256Hex(bytes) !== ref.digest) throw damaged(ref);
}

export const damaged = (ref: BlobRef) =>
  failure('policy.blob-damaged', `stored bytes of blob ${ref.digest} do not match their digest and size`, ref.digest);

export const missing = (ref: BlobRef) =>
  failure('unavailable.blob-missing', `no blob ${ref.digest} is stored here`, ref.digest);

/** The file is there but the operating system does not give it to us. */
export const unreadable = (ref: BlobRef, cause: unknown) =>
  new FirebreakFailure(
    'unavailable.blob-unreadable',
    `stored bytes of blob ${ref.digest} cannot be read`,
    { digest: ref.digest },
    { cause },
  );

const failure = (code: BlobFailureCode, message: string, digest?: Digest) =>
  new FirebreakFailure(code, message, digest === undefined ? {} : { digest });
