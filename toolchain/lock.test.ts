import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withLock } from './lock.mjs';

describe('the build lock', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-lock-'));
    file = path.join(folder, 'nested', 'tool.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('lets one in at a time and tells the other whom it waits for', async () => {
    const order: string[] = [];
    const waited: string[] = [];
    const first = withLock(file, async () => {
      order.push('first in');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      order.push('first out');
    });
    let release = () => {};
    while (order.length === 0) await new Promise(setImmediate);
    const onWait = (holder: string) => {
      waited.push(holder);
      release();
    };
    await withLock(file, async () => void order.push('second in'), { onWait, pollMs: 5 });
    await first;
    expect(order).toEqual(['first in', 'first out', 'second in']);
    expect(waited).toEqual([`process ${process.pid} on ${os.hostname()}`]);
  });

  test('is freed when the work throws', async () => {
    await expect(withLock(file, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(withLock(file, async () => 'again')).resolves.toBe('again');
  });

  test('is taken over from a process that is gone', async () => {
    await withLock(file, async () => undefined);
    writeFileSync(file, `2147483646 ${os.hostname()}\n`);
    await expect(withLock(file, async () => 'mine', { waitMs: 1_000, pollMs: 5 })).resolves.toBe('mine');
  });

  test('is taken over from another machine only when its heartbeat stopped', async () => {
    await withLock(file, async () => undefined);
    writeFileSync(file, '1 elsewhere\n');
    await expect(withLock(file, async () => 'mine', { waitMs: 50, pollMs: 5 })).rejects.toMatchObject({
      code: 'conflict.build-lock',
    });
    utimesSync(file, new Date(0), new Date(0));
    await expect(withLock(file, async () => 'mine', { waitMs: 1_000, pollMs: 5 })).resolves.toBe('mine');
  });
});
