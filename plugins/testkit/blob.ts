import { type Digest, sha256Hex } from '../../domain/encoding/digest.ts';
import type { BlobRef, BlobStore } from '../../domain/ports/blob-store.ts';
import { BLOB_BYTES_MAX } from '../blob/bytes.ts';
import { codeOf, promptly, type TestTools } from './tools.ts';

/** One empty, started store, and what can be done to it from outside. */
export type BlobUnderTest = {
  readonly store: BlobStore;
  /** Another instance over the same storage, started; absent when nothing survives the process. */
  readonly reopen?: () => Promise<BlobStore>;
  /** Changes one stored byte behind the store's back; absent when nobody can. */
  readonly damage?: (ref: BlobRef) => Promise<void>;
  dispose(): Promise<void>;
};

/** Compliance of a `BlobStore`. */
export function blobCompliance(name: string, tools: TestTools, begin: () => Promise<BlobUnderTest>): void {
  const { expect } = tools;
  const bytes = new TextEncoder().encode('evidence');
  const scenario = (title: string, run: (under: BlobUnderTest) => Promise<void>): void => {
    tools.test(`${name}: ${title}`, async () => {
      const under = await begin();
      try {
        await run(under);
      } finally {
        await under.dispose();
      }
    });
  };

  scenario('bytes come back whole under their SHA-256', async ({ store }) => {
    const ref = await store.put(bytes, promptly());
    expect(ref).toEqual({ digest: sha256Hex(bytes), sizeBytes: bytes.length });
    expect(await store.has(ref)).toBe(true);
    expect([...(await store.get(ref, promptly()))]).toEqual([...bytes]);
  });

  scenario('put twice, or by two at once, is put once', async ({ store }) => {
    const refs = await Promise.all([store.put(bytes, promptly()), store.put(bytes, promptly())]);
    expect(refs[0]).toEqual(refs[1]);
    expect(await store.put(bytes, promptly())).toEqual(refs[0]);
    expect([...(await store.get(refs[0], promptly()))]).toEqual([...bytes]);
  });

  scenario('what a caller does to its own array afterwards changes nothing stored', async ({ store }) => {
    const mine = Uint8Array.from(bytes);
    const ref = await store.put(mine, promptly());
    mine.fill(0);
    (await store.get(ref, promptly())).fill(0);
    expect([...(await store.get(ref, promptly()))]).toEqual([...bytes]);
  });

  scenario('an unknown digest is missing, not empty', async ({ store }) => {
    const ref = { digest: sha256Hex(new Uint8Array([1])), sizeBytes: 1 };
    expect(await store.has(ref)).toBe(false);
    expect(await codeOf(() => store.get(ref, promptly()))).toBe('unavailable.blob-missing');
  });

  scenario('a digest that is no digest never leads out of the store', async ({ store }) => {
    const ref = { digest: '../../../../etc/hostname' as Digest, sizeBytes: 1 };
    expect(await store.has(ref)).toBe(false);
    expect(await codeOf(() => store.get(ref, promptly()))).toBe('unavailable.blob-missing');
  });

  scenario('a reference with the wrong size is refused', async ({ store }) => {
    const ref = await store.put(bytes, promptly());
    const wrong = { ...ref, sizeBytes: ref.sizeBytes + 1 };
    expect(await store.has(wrong)).toBe(false);
    expect(await codeOf(() => store.get(wrong, promptly()))).toBe('policy.blob-damaged');
  });

  scenario('nothing, and the largest blob, are stored; one byte more is refused', async ({ store }) => {
    for (const size of [0, BLOB_BYTES_MAX]) {
      const ref = await store.put(new Uint8Array(size), promptly());
      expect((await store.get(ref, promptly())).length).toBe(size);
    }
    expect(await codeOf(() => store.put(new Uint8Array(BLOB_BYTES_MAX + 1), promptly()))).toBe('input.blob-too-large');
  });

  scenario('a cancelled put stores nothing', async ({ store }) => {
    expect(await codeOf(() => store.put(bytes, promptly(AbortSignal.abort())))).toBe('exception');
    expect(await store.has({ digest: sha256Hex(bytes), sizeBytes: bytes.length })).toBe(false);
  });

  scenario('bytes survive the instance that stored them, where the store is durable', async ({ store, reopen }) => {
    const ref = await store.put(bytes, promptly());
    if (reopen !== undefined) expect([...(await (await reopen()).get(ref, promptly()))]).toEqual([...bytes]);
  });

  scenario(
    'changed bytes are refused by name, and storing the right ones again heals them',
    async ({ store, damage }) => {
      if (damage === undefined) return;
      const ref = await store.put(bytes, promptly());
      await damage(ref);
      expect(await codeOf(() => store.get(ref, promptly()))).toBe('policy.blob-damaged');
      await store.put(bytes, promptly());
      expect([...(await store.get(ref, promptly()))]).toEqual([...bytes]);
    },
  );

  scenario('it says that it is well, and stops twice', async ({ store }) => {
    expect((await store.health?.())?.state ?? 'ok').toBe('ok');
    await store.stop?.();
    await store.stop?.();
  });
}
