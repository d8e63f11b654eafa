import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { openDatabase } from './database.ts';
import { openJournal } from './open.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-synchronous-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** How each transaction waits for the disk, as SQLite is told before it begins. */
function transactions(): string[] {
  const levels: string[] = [];
  let level = '';
  const exec = DatabaseSync.prototype.exec;
  jest.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, text: string) {
    level = /synchronous=(\w+)/.exec(text)?.[1] ?? level;
    if (text.startsWith('BEGIN')) levels.push(level);
    return exec.call(this, text);
  });
  return levels;
}

test('what must never be contradicted waits for the disk, and what is only told does not, also after one that failed', () => {
  const levels = transactions();
  const journal = openJournal(folder);
  const commit = (name: string): void => {
    const release = { ceremony: name, requestDigest: name as Digest, commitments: [name], atMs: 1 };
    journal.releases.commit({ ...release, spend: undefined, response: Uint8Array.of(1) });
  };
  expect(new Set(levels.splice(0))).toEqual(new Set(['FULL']));
  journal.steps.record('signing', 'told', 1);
  commit('one');
  expect(() => journal.steps.record('signing', 'no whole number', 1.5)).toThrow();
  commit('two');
  journal.atOnce(() => {
    journal.steps.record('signing', 'told', 2);
    commit('three');
  });
  expect(levels).toEqual(['NORMAL', 'FULL', 'NORMAL', 'FULL', 'FULL']);
  journal.close();
});

test('what is only told cannot bind, and nothing of it stays', () => {
  const database = openDatabase(folder);
  const heads = database.table('audit_heads');
  const row = { incident: 'one', count: 1, root: 'r', at: 1 };
  expect(() => database.note(() => database.bind(() => heads.insert(row)))).toThrow(
    expect.objectContaining({ code: 'bug.journal' }),
  );
  expect(database.read(() => heads.count())).toBe(0);
  database.bind(() => heads.insert(row));
  database.close();
});
