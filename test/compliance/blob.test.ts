import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { folder } from '../../plugins/blob/folder/index.ts';
import { memory } from '../../plugins/blob/memory/index.ts';
import { blobCompliance } from '../../plugins/testkit/blob.ts';

blobCompliance('blob/memory', { test, expect }, async () => ({
  store: memory({})({}),
  dispose: async () => undefined,
}));

blobCompliance('blob/folder', { test, expect }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-blob-'));
  const reopen = async () => {
    const store = folder({ folder: 'blobs' })({ dir });
    await store.start?.(new AbortController().signal);
    return store;
  };
  return {
    store: await reopen(),
    reopen,
    damage: async ({ digest }) => {
      const path = join(dir, 'blobs', digest.slice(0, 2), digest);
      const bytes = await readFile(path);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await writeFile(path, bytes);
    },
    dispose: () => rm(dir, { recursive: true }),
  };
});
