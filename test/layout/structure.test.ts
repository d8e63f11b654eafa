import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { projectFolder } from '../../toolchain/recipes.mjs';
import ROOMS from '../../toolchain/rooms.cjs';
import { projectFiles, type TextFile } from './tidy.ts';

/** The rooms that a text names in the first column of its table. */
const roomsNamedIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\| `(\w+)\/` \|/gm)].map((match) => match[1] ?? '');

/** Top-level folders of what git would commit, but for hidden ones. */
const folders = (files: readonly TextFile[]): readonly string[] => [
  ...new Set(files.filter(({ file }) => /^[^.][^/]*\//.test(file)).map(({ file }) => file.split('/')[0] ?? '')),
];

describe('docs/structure.md', () => {
  const named = roomsNamedIn(readFileSync(path.join(projectFolder, 'docs', 'structure.md'), 'utf8'));

  test('names every top-level folder and no other', () => {
    expect([...named].sort()).toEqual([...folders(projectFiles())].sort());
  });

  test('names the rooms that the import rules know', () => {
    expect([...named].sort()).toEqual([...ROOMS].sort());
  });

  test('is read by its table alone', () => {
    expect(roomsNamedIn('| `attic/` | old things |\nthe room `cellar/` |\n')).toEqual(['attic']);
  });
});
