import { z } from 'zod';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { BlobRef, BlobStore } from '../../../domain/ports/blob-store.ts';
import type { EffectContext, ReadContext } from '../../../domain/ports/context.ts';
import { parseSection } from '../../config-failure.ts';
import { checkBytes, missing, refOf } from '../bytes.ts';

const schema = z.strictObject({});
export type MemoryBlobConfig = z.infer<typeof schema>;

class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Uint8Array>();

  async put(bytes: Uint8Array, context: EffectContext): Promise<BlobRef> {
    context.signal.throwIfAborted();
    const ref = refOf(bytes);
    this.#blobs.set(ref.digest, Uint8Array.from(bytes));
    return ref;
  }

  async get(ref: BlobRef, context: ReadContext): Promise<Uint8Array> {
    context.signal.throwIfAborted();
    const bytes = this.#blobs.get(ref.digest);
    if (bytes === undefined) throw missing(ref);
    checkBytes(ref, bytes);
    return Uint8Array.from(bytes);
  }

  async has(ref: BlobRef): Promise<boolean> {
    return this.#blobs.get(ref.digest)?.length === ref.sizeBytes;
  }
}

/** The reference that the compliance suite is read against; everything is gone when the process ends. */
export const memory =
  (_config: MemoryBlobConfig) =>
  (_components: unknown): BlobStore =>
    new MemoryBlobStore();

export const plugin: Plugin<MemoryBlobConfig, unknown, BlobStore> = {
  manifest: {
    kind: 'blob',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'Blobs in this process only, for tests and for outside authors to compare with',
    capabilities: [],
    irreversible: [],
    configSchema: z.toJSONSchema(schema, { io: 'input' }),
  },
  parse: (input, where) => parseSection(schema, input, where),
  create: memory,
};
