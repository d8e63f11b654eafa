import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from '@jest/globals';
import { releaseOf as release, TestJournals } from '../testkit/journals.ts';
import { JOURNAL_FILE } from './database.ts';
import type { Journal } from './journal.ts';

const PAGE = 4096;
const RELEASES = 40;
const DAMAGED: unknown = expect.objectContaining({ code: 'policy.journal-damaged' });

const journals = new TestJournals();
const readers: DatabaseSync[] = [];
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
  journals.dispose();
});

const open = (folder: string): Journal => journals.open(folder);
const fileOf = (folder: string): string => join(folder, JOURNAL_FILE);
const sizeOf = (folder: string): number => statSync(fileOf(folder)).size;

function grow(journal: Journal): void {
  const response = new Uint8Array(PAGE);
  for (let n = 0; n < RELEASES; n += 1) journal.releases.commit({ ...release(`grown-${n}`), response });
}

/** What a stop at this moment would leave, with what is not written back yet in the log. */
function stoppedNow(folder: string): string {
  const copy = journals.newFolder();
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('-shm') });
  expect(statSync(`${fileOf(copy)}-wal`).size).toBeGreaterThan(0);
  return copy;
}

/** A log that holds the pages of one step, beside a file whose last page, without rows, is not among them. */
function smallLog(): string {
  const folder = journals.newFolder();
  open(folder).close();
  const journal = open(folder);
  journal.steps.record('signing-a', 'accepted', 7);
  const copy = stoppedNow(folder);
  expect(sizeOf(copy)).toBe(sizeOf(folder));
  return copy;
}

const CUTS = [
  ['half of it', (size: number) => Math.floor(size / 2)],
  ['all but one page', (size: number) => size - PAGE],
  ['everything', () => 0],
  ['all but the header', () => 100],
] as const;
// The last page is that of a table without rows: what is missing would read as the zeros that stood there.
const CUTS_OF_ZEROS = [
  ['all but its last byte', (size: number) => size - 1],
  ['half of its last page', (size: number) => size - PAGE / 2],
] as const;

test.each([...CUTS, ...CUTS_OF_ZEROS])('a journal truncated to %s is refused and left as it is', (_, keep) => {
  const folder = journals.newFolder();
  const journal = open(folder);
  journal.releases.commit(release('a'));
  journal.close();
  const size = keep(sizeOf(folder));
  truncateSync(fileOf(folder), size);
  expect(() => open(folder)).toThrow(DAMAGED);
  expect(sizeOf(folder)).toBe(size);
});

test.each(CUTS)('beside a log that holds other pages a journal truncated to %s is refused', (_, keep) => {
  const folder = smallLog();
  truncateSync(fileOf(folder), keep(sizeOf(folder)));
  expect(() => open(folder)).toThrow(DAMAGED);
});

test.each(CUTS_OF_ZEROS)(
  'beside a log a journal truncated to %s is whole again, because only zeros were lost',
  (_, keep) => {
    const folder = smallLog();
    const before = readFileSync(fileOf(folder));
    const last = before.subarray(-PAGE);
    truncateSync(fileOf(folder), keep(before.length));
    const journal = open(folder);
    expect(journal.steps.of('signing-a')).toHaveLength(1);
    journal.close();
    expect(sizeOf(folder)).toBe(before.length);
    expect(readFileSync(fileOf(folder)).subarray(-PAGE)).toEqual(last);
  },
);

test.each([1, PAGE / 2, PAGE - 1])(
  'a stop that leaves %s bytes of a page that was being written back loses nothing',
  (bytes) => {
    const folder = journals.newFolder();
    const journal = open(folder);
    grow(journal);
    const stopped = stoppedNow(folder);
    journal.close();
    const whole = readFileSync(fileOf(folder));
    for (const pages of [1, 7, whole.length / PAGE - 1]) {
      const here = journals.newFolder();
      cpSync(stopped, here, { recursive: true });
      writeFileSync(fileOf(here), whole.subarray(0, pages * PAGE + bytes));
      const again = open(here);
      expect(again.releases.count()).toBe(RELEASES);
      again.close();
      expect(readFileSync(fileOf(here))).toEqual(whole);
    }
  },
);

/** A journal that grew while somebody read, as a backup with `VACUUM INTO` does: the log cannot be written back beyond where they began. */
function grownWhileRead(): string {
  const folder = journals.newFolder();
  const journal = open(folder);
  const reader = new DatabaseSync(fileOf(folder), { readOnly: true });
  readers.push(reader);
  reader.exec('BEGIN');
  reader.prepare('SELECT writes FROM ledger').get();
  grow(journal);
  journal.close();
  return folder;
}

test('a journal that grew while somebody reads opens, and is written back once they are done', () => {
  const folder = grownWhileRead();
  const journal = open(folder);
  expect(journal.releases.count()).toBe(RELEASES);
  const size = sizeOf(folder);
  expect(size).toBeLessThan(RELEASES * PAGE);
  journal.close();
  readers.pop()?.close();
  expect(open(folder).releases.count()).toBe(RELEASES);
  expect(sizeOf(folder)).toBeGreaterThan(RELEASES * PAGE);
});

test('a journal that ends within a page while somebody reads is refused and left as it is', () => {
  const folder = grownWhileRead();
  open(folder).close(); // what can be written back is
  const size = sizeOf(folder) - 1;
  truncateSync(fileOf(folder), size);
  expect(() => open(folder)).toThrow(DAMAGED);
  expect(sizeOf(folder)).toBe(size);
});
