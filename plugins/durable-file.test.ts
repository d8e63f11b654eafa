import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { folder } from './blob/folder/index.ts';
import { errnoOf, writeDurably } from './durable-file.ts';
import { codeOf, promptly } from './testkit/tools.ts';

/** A disk of 64 KiB, where we may mount one. */
function smallDisk(): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-small-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]).status === 0) return dir;
  rmSync(dir, { recursive: true });
  return undefined;
}

const disk = process.platform === 'linux' ? smallDisk() : undefined;
const onSmallDisk = disk === undefined ? test.skip : test;

test('a file is there whole, for its owner alone, and replaces the one before', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-durable-'));
  try {
    const path = join(dir, 'file');
    await writeDurably(path, Buffer.from('first'));
    await writeDurably(path, Buffer.from('second'));
    expect(await readFile(path, 'utf8')).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['file']);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a folder that is not there is named', async () => {
  expect(await codeOf(() => writeDurably('/nowhere/at/all/file', Buffer.from('x')))).toBe('unavailable.disk-write');
});

onSmallDisk('a full disk is named, the old file stays and nothing half-written is left (needs a tmpfs)', async () => {
  const dir = disk ?? '';
  try {
    const path = join(dir, 'file');
    await writeDurably(path, Buffer.from('old'));
    expect(await codeOf(() => writeDurably(path, Buffer.alloc(200_000)))).toBe('unavailable.disk-full');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['file']);

    const store = folder({ folder: 'blobs' })({ dir });
    await store.start?.(new AbortController().signal);
    expect(await codeOf(() => store.put(new Uint8Array(200_000), promptly()))).toBe('unavailable.disk-full');
    await rm(path);
    await store.put(new Uint8Array(1_000), promptly());
  } finally {
    spawnSync('umount', [dir]);
    await rm(dir, { recursive: true });
  }
});

test('an error of another realm still has its errno, and other errors have none', async () => {
  expect(errnoOf(await readFile('/nowhere').catch((error: unknown) => error))).toBe('ENOENT');
  for (const other of [new Error('x'), undefined, 'ENOENT', { code: 7 }, { code: 'ERR_INVALID_ARG_TYPE' }]) {
    expect(errnoOf(other)).toBeUndefined();
  }
});

test('unfinished files that nobody owns any more are swept at start, fresh ones are not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-sweep-'));
  try {
    const store = folder({ folder: 'blobs' })({ dir });
    const { digest } = await store.put(Buffer.from('kept'), promptly());
    const shelf = join(dir, 'blobs', digest.slice(0, 2));
    await writeFile(join(shelf, '.unfinished-old'), 'x');
    await writeFile(join(shelf, '.unfinished-new'), 'x');
    await utimes(join(shelf, '.unfinished-old'), 1, 1);
    await store.start?.(new AbortController().signal);
    expect((await readdir(shelf)).sort()).toEqual(['.unfinished-new', digest]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
