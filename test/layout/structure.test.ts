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

/** Rooms of which the page or the tree alone knows, and rooms with two charters. */
const breaches = (named: readonly string[], there: readonly string[]): readonly string[] => [
  ...there.filter((room) => !named.includes(room)).map((room) => `${room} is not named`),
  ...named.filter((room) => !there.includes(room)).map((room) => `${room} does not exist`),
  ...named.filter((room, at) => named.indexOf(room) !== at).map((room) => `${room} is named twice`),
];

describe('docs/structure.md', () => {
  const named = roomsNamedIn(readFileSync(path.join(projectFolder, 'docs', 'structure.md'), 'utf8'));

  test('names every top-level folder and no other', () => {
    expect(breaches(named, folders(projectFiles()))).toEqual([]);
  });

  test('names the rooms that the import rules know', () => {
    expect(breaches(named, ROOMS)).toEqual([]);
  });

  test('is refused beside a folder that it does not name, without a room that it names, and with a room twice', () => {
    const files = projectFiles();
    const [gone = ''] = named;
    const more = [...files, { file: 'attic/old-things.ts', text: '' }];
    const fewer = files.filter(({ file }) => !file.startsWith(`${gone}/`));
    expect(breaches(named, folders(more))).toEqual(['attic is not named']);
    expect(breaches(named, folders(fewer))).toEqual([`${gone} does not exist`]);
    expect(breaches(named, [...ROOMS, 'attic'])).toEqual(['attic is not named']);
    expect(breaches([...named, gone], ROOMS)).toEqual([`${gone} is named twice`]);
  });

  test('is read by its table alone', () => {
    expect(roomsNamedIn('| `attic/` | old things |\nthe room `cellar/` |\n')).toEqual(['attic']);
  });
});
