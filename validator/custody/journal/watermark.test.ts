import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { JOURNAL_FILE } from './database.ts';
import { openJournal } from './open.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-mark-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openAndClose = (): void => openJournal(folder).close();
const mark = () => join(folder, 'journal.mark');

test.each([0, 100, 511])('a mark of %s bytes, left by a crash before there was a journal, is begun again', (bytes) => {
  writeFileSync(mark(), Buffer.alloc(bytes));
  openAndClose();
  openAndClose();
});

test('the same mark beside a journal is damage', () => {
  openAndClose();
  truncateSync(mark(), 0);
  expect(openAndClose).toThrow(expect.objectContaining({ code: 'policy.journal-damaged' }));
});

test('a whole mark that cannot be read is damage, also where the journal is gone', () => {
  openAndClose();
  writeFileSync(mark(), Buffer.alloc(1_024, 0x5a));
  rmSync(join(folder, JOURNAL_FILE));
  expect(openAndClose).toThrow(expect.objectContaining({ code: 'policy.journal-damaged' }));
});
