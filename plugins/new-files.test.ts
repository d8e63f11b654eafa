import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { type FirstFile, setUpFolder } from './new-files.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'firebreak-new-files-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const first = (folder: string): FirstFile => ({
  path: join(folder, 'a.toml'),
  text: 'a = 1\n',
  mode: 0o600,
  taken: () => new FirebreakFailure('conflict.test', 'taken'),
});
const tree = (): string[] => readdirSync(root, { recursive: true }).map(String).sort();
const systemError = (code: string): Error => Object.assign(new Error(`${code}: said the system`), { code });

test('folders that were missing are made for their owner alone, and the first file before the rest', async () => {
  const folder = join(root, 'deep', 'er');
  const seen = await setUpFolder([folder, join(folder, 'secrets')], first(folder), () => tree());
  expect(seen).toEqual(['deep', 'deep/er', 'deep/er/a.toml', 'deep/er/secrets']);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'a.toml')).mode & 0o777).toBe(0o600);
});

test.each([
  ['the disk is full', systemError('ENOSPC'), 'unavailable.disk-full'],
  ['the file system is read-only', systemError('EROFS'), 'unavailable.disk-write'],
  ['somebody refuses', new FirebreakFailure('input.keystore-pin', 'wrong PIN'), 'input.keystore-pin'],
])(
  'when %s in the middle, everything that was made is taken away and the reason has a name',
  async (_what, error, code) => {
    const folder = join(root, 'deep', 'er');
    const secrets = join(folder, 'secrets');
    const fails = async () => {
      writeFileSync(join(folder, 'b'), 'half');
      writeFileSync(join(secrets, 'c'), 'half');
      throw error;
    };
    await expect(setUpFolder([folder, secrets], first(folder), fails)).rejects.toMatchObject({ code });
    expect(tree()).toEqual([]);
  },
);

test('what lay in the folders before stays, and a fault of ours keeps its own words', async () => {
  mkdirSync(join(root, 'secrets'));
  writeFileSync(join(root, 'kept'), 'old');
  writeFileSync(join(root, 'secrets', 'kept too'), 'old');
  const fails = () => {
    writeFileSync(join(root, 'secrets', 'new'), 'half');
    throw new TypeError('a fault of ours');
  };
  await expect(setUpFolder([root, join(root, 'secrets')], first(root), fails)).rejects.toThrow(TypeError);
  expect(tree()).toEqual(['kept', 'secrets', 'secrets/kept too']);
});

test('whoever comes second changes nothing of the first', async () => {
  await setUpFolder([root], first(root), () => writeFileSync(join(root, 'theirs'), ''));
  const rest = () => writeFileSync(join(root, 'ours'), '');
  await expect(setUpFolder([root], { ...first(root), text: 'b' }, rest)).rejects.toMatchObject({
    code: 'conflict.test',
  });
  expect(tree()).toEqual(['a.toml', 'theirs']);
  expect(readFileSync(join(root, 'a.toml'), 'utf8')).toBe('a = 1\n');
});

test('a file in the place of a folder is named with its place, and stays', async () => {
  writeFileSync(join(root, 'file'), 'no folder');
  for (const folder of [join(root, 'file'), join(root, 'file', 'below')])
    await expect(setUpFolder([folder], first(folder), () => undefined)).rejects.toMatchObject({
      code: 'unavailable.disk-write',
      message: `cannot write in ${folder} (ENOTDIR)`,
    });
  expect(existsSync(join(root, 'file'))).toBe(true);
  expect(tree()).toEqual(['file']);
});
