import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { BlobRef, BlobStore } from '../domain/ports/blob-store.ts';
import { folder } from '../plugins/blob/folder/index.ts';
import { within } from './asking.ts';
import type { Operator } from './operator.ts';

/** Bytes behind a claim check; the store hashes them, so a changed file is a failure and not an answer. */
export const readBlob = (operator: Operator, ref: BlobRef): Promise<Uint8Array> =>
  store(operator).get(ref, within(30, ref.digest));

/** Puts bytes where workers of the network find them by their digest. */
export const writeBlob = (operator: Operator, bytes: Uint8Array): Promise<BlobRef> =>
  store(operator).put(bytes, within(30, 'document'));

function store(operator: Operator): BlobStore {
  if (operator.blobs === undefined) {
    throw new FirebreakFailure(
      'input.data-folder',
      'the operator file names no blob folder, so documents cannot be read here',
    );
  }
  return folder({ folder: operator.blobs })({ dir: operator.folder });
}

/** A document that workflows stored; its content is verified by whoever asked for it. */
export const readBlobJson = async (operator: Operator, ref: BlobRef): Promise<unknown> =>
  JSON.parse(Buffer.from(await readBlob(operator, ref)).toString('utf8'));
