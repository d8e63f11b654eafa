import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { replaceIndexFile } from './index-file.ts';
import { IndexOwner } from './index-owner.ts';
import { silent } from './logger.ts';
import { paramsOf } from './network-params.ts';

const SCRIPTS = [`5120${'ab'.repeat(32)}`, `5120${'cd'.repeat(32)}`];
const options = { params: paramsOf('regtest'), reorgDepthMax: 6 };

async function withFolder(run: (dir: string) => Promise<void> | void): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-index-'));
  try {
    await run(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

test('an index that turns out to be damaged while it runs is replaced, and its scripts are searched for again', () =>
  withFolder((dir) => {
    const owner = new IndexOwner(join(dir, 'chain.sqlite'), options, silent, () => undefined);
    owner.open();
    owner.scanner.addScripts(SCRIPTS.slice(0, 1), 7);
    owner.scanner.addScripts(SCRIPTS.slice(1), 9);
    owner.store.setMeta('mark', 'old file');
    const failure = owner.mend({ errcode: 11, message: 'database disk image is malformed' });
    expect(failure).toMatchObject({ code: 'unavailable.index', retryable: true });
    expect(owner.store.meta('mark')).toBeUndefined();
    expect(SCRIPTS.map((script) => owner.store.watchedFrom(script))).toEqual([7, 9]);
    // As far below as a reorganisation may have put what was there.
    expect(owner.store.pendingScan()).toMatchObject({ nextHeight: 1 });
    owner.close();
  }));

test('a full disk is trouble and throws nothing away', () =>
  withFolder((dir) => {
    const owner = new IndexOwner(join(dir, 'chain.sqlite'), options, silent, () => undefined);
    owner.open();
    owner.store.setMeta('mark', 'old file');
    expect(owner.mend({ errcode: 13, message: 'database or disk is full' })).toMatchObject({
      code: 'unavailable.index',
    });
    expect(owner.store.meta('mark')).toBe('old file');
    owner.close();
  }));

test('a folder that does not exist is a named failure', () => {
  const owner = new IndexOwner('/nowhere/at/all/chain.sqlite', options, silent, () => undefined);
  expect(() => owner.open()).toThrow(expect.objectContaining({ code: 'unavailable.index' }));
});

/** A file of an earlier version, as far as it is read. */
function oldIndex(path: string): void {
  const db = new DatabaseSync(path);
  db.exec('create table watched (script text primary key, from_height integer not null); pragma user_version = 1');
  const watch = db.prepare('insert into watched values (?, ?)');
  SCRIPTS.forEach((script, at) => watch.run(script, 7 + at));
  db.close();
}

const heightsIn = (path: string): unknown[] => {
  const db = new DatabaseSync(path);
  const heights = SCRIPTS.map((script) => db.prepare('select from_height from watched where script = ?').get(script));
  db.close();
  return heights.map((row) => row?.['from_height']);
};

test('what an older version watched is searched for by this one', () =>
  withFolder((dir) => {
    const path = join(dir, 'chain.sqlite');
    oldIndex(path);
    writeFileSync(`${path}.new`, 'what a process that died had begun');
    const owner = new IndexOwner(path, options, silent, () => undefined);
    owner.open();
    expect(SCRIPTS.map((script) => owner.store.watchedFrom(script))).toEqual([7, 8]);
    // As far below as a reorganisation may have put what was there.
    expect(owner.store.pendingScan()).toMatchObject({ nextHeight: 1 });
    owner.close();
    expect(readdirSync(dir)).toEqual(['chain.sqlite']);
  }));

test('a carry-over that fails half way leaves the old file with its whole list', () =>
  withFolder((dir) => {
    const path = join(dir, 'chain.sqlite');
    oldIndex(path);
    const [first = '', second = ''] = SCRIPTS;
    const failsAtTheThird = new Map([
      [1, [first, second]],
      [2, [first]],
    ]);
    expect(() => replaceIndexFile(path, failsAtTheThird, 6)).toThrow('UNIQUE');
    expect(heightsIn(path)).toEqual([7, 8]);
  }));

test('a damaged index that cannot be replaced stays open, and its list is not lost', () =>
  withFolder((dir) => {
    const path = join(dir, 'chain.sqlite');
    const owner = new IndexOwner(path, options, silent, () => undefined);
    owner.open();
    owner.scanner.addScripts(SCRIPTS, 7);
    mkdirSync(join(`${path}.new`, 'in the way'), { recursive: true });
    const damage = { errcode: 11, message: 'database disk image is malformed' };
    expect(owner.mend(damage)).toMatchObject({ code: 'unavailable.index' });
    expect(owner.store.watchedFrom(SCRIPTS[1] ?? '')).toBe(7);
    rmSync(`${path}.new`, { recursive: true });
    owner.mend(damage);
    expect(SCRIPTS.map((script) => owner.store.watchedFrom(script))).toEqual([7, 7]);
    owner.close();
  }));
