import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keeper } from './keep.ts';
import { keptFile, readKept } from './kept.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-kept-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const said = (...headlines: readonly string[]) => headlines.map((headline) => ({ headline, text: 'text' }));

test('each message is kept once, however often the receiver is asked', () => {
  const keep = keeper(dir, 'mail', () => 7);
  keep([{ said: said('frozen') }]);
  keep([{ said: said('frozen', 'lifted') }]);
  expect(readKept(dir, 'mail').map(({ headline, atMs }) => [headline, atMs])).toEqual([
    ['frozen', 7],
    ['lifted', 7],
  ]);
});

test('a message that is edited, and an alert that is closed, are said again', () => {
  const keep = keeper(dir, 'slack');
  keep([{ said: said('frozen') }]);
  keep([{ said: said('lifted') }]);
  keep([{ said: said('lifted'), over: true }]);
  expect(readKept(dir, 'slack').map(({ headline, over }) => [headline, over])).toEqual([
    ['frozen', false],
    ['lifted', false],
    ['lifted', true],
  ]);
});

test('nothing was heard before the first message, and a line that is on its way is not read', () => {
  expect(readKept(dir, 'webhook')).toEqual([]);
  keeper(dir, 'webhook')([{ said: said('frozen') }]);
  appendFileSync(keptFile(dir, 'webhook'), '{"atMs":1,"headl');
  expect(readKept(dir, 'webhook')).toHaveLength(1);
});
