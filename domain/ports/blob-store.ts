import type { Digest } from '../encoding/digest.ts';
import type { EffectContext, LifeCycle, ReadContext } from './context.ts';

/** What a workflow carries instead of the bytes. */
export type BlobRef = { readonly digest: Digest; readonly sizeBytes: number };

/** Immutable by digest (SHA-256): put twice is put once, and a read that does not hash to its name is a failure. */
export type BlobStore = LifeCycle & {
  put(bytes: Uint8Array, context: EffectContext): Promise<BlobRef>;
  get(ref: BlobRef, context: ReadContext): Promise<Uint8Array>;
  has(ref: BlobRef): Promise<boolean>;
};
