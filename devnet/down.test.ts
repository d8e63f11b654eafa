import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { downLines, purge } from './down.ts';
import { layout as layoutOf } from './layout.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-down-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const idle = { supervisor: false, processes: [] };

test('a network that is not there is not said to be removed', () => {
  const root = join(folder, 'nothing');
  const lines = downLines(idle, purge(layoutOf(root)), root);
  expect(lines).toEqual(['nothing was running', `nothing to remove: there is no ${root}`]);
});

test('a network that was there is removed and said to be', () => {
  const layout = layoutOf(join(folder, 'network'));
  mkdirSync(layout.root);
  writeFileSync(layout.state, '{}');
  expect(downLines(idle, purge(layout), layout.root)).toContain(`removed ${layout.root}`);
  expect(existsSync(layout.root)).toBe(false);
});

test("somebody else's folder stays", () => {
  writeFileSync(join(folder, 'letter.txt'), 'dear');
  expect(() => purge(layoutOf(folder))).toThrow('holds no devnet; nothing was deleted');
  expect(existsSync(join(folder, 'letter.txt'))).toBe(true);
});

test('down without --purge says nothing about removing', () => {
  expect(downLines({ supervisor: true, processes: ['temporal', 'worker-1'] }, undefined, folder)).toEqual([
    'stopped 2 processes',
  ]);
});
