import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { agreeToPurge, downLines, purge } from './down.ts';
import type { Question } from '../cli/ask.ts';
import { terminal } from '../cli/screen.ts';
import { layout as layoutOf } from './layout.ts';
import { readOptions } from './options.ts';

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

/** What is asked before a purge that was typed like this; empty when nothing is. */
async function asked(interactive: boolean, ...args: string[]): Promise<readonly Question[]> {
  const layout = layoutOf(folder);
  const options = readOptions(['down', '--data', folder, ...args]);
  if (options.verb !== 'down') throw new Error('another verb');
  const questions: Question[] = [];
  await agreeToPurge({ ...terminal(), interactive }, layout, options, (_screen, question) => {
    questions.push(question);
    return Promise.resolve();
  });
  return questions;
}

test('whoever purges at a terminal is told in words what will be gone, unless --yes was typed; a script is not asked', async () => {
  writeFileSync(layoutOf(folder).state, '{}');
  const [question] = await asked(true, '--purge');
  expect(question).toMatchObject({ given: false, flag: '--yes', text: expect.stringContaining(folder) });
  expect(question?.text).toMatch(/every key/);
  expect(await asked(true, '--purge', '--yes')).toMatchObject([{ given: true }]);
  expect(await asked(false, '--purge')).toEqual([]);
  expect(await asked(true)).toEqual([]);
});

test('nobody is asked about a folder that is not deleted anyway', async () => {
  expect(await asked(true, '--purge')).toEqual([]);
});
