import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compareVersions, findByRecipe } from './find.mjs';
import { overrideVariable, type Recipe, recipes } from './recipes.mjs';

describe('finding a tool', () => {
  let folder: string;
  const recipe: Recipe = {
    name: 'made-up',
    title: 'Made up',
    purpose: 'a test',
    version: '2.0.0',
    command: 'made-up',
    versionCheck: { args: ['--version'], pattern: /version (\d+\.\d+\.\d+)/, atLeast: '1.5.0' },
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-find-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(place: string, says: string): string {
    const file = path.join(folder, place, 'made-up');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho "made-up version ${says}"\n`);
    chmodSync(file, 0o755);
    return file;
  }

  test('steps over a copy on PATH that is too old and takes the next one', async () => {
    const old = program('old', '1.4.9');
    const fresh = program('fresh', '1.10.0');
    const PATH = [path.dirname(old), path.join(folder, 'nowhere'), path.dirname(fresh)].join(':');
    expect(await findByRecipe(recipe, { PATH })).toEqual({
      name: 'made-up',
      path: fresh,
      origin: 'path',
      version: '1.10.0',
    });
    expect(await findByRecipe(recipe, { PATH: path.dirname(old) })).toBeUndefined();
  });

  test('prefers the override to PATH', async () => {
    const named = program('named', '1.6.0');
    const environment = { PATH: path.dirname(program('fresh', '1.10.0')), FIREBREAK_TOOL_MADE_UP: named };
    expect(await findByRecipe(recipe, environment)).toMatchObject({ path: named, origin: 'environment' });
  });

  test('takes a copy that a distribution calls by another name', async () => {
    const renamed = program('renamed', '1.6.0');
    const other = path.join(path.dirname(renamed), 'distribution-made-up');
    renameSync(renamed, other);
    expect(
      await findByRecipe({ ...recipe, alias: 'distribution-made-up' }, { PATH: path.dirname(other) }),
    ).toMatchObject({
      path: other,
      origin: 'path',
    });
  });

  test('refuses an override that is missing or too old instead of stepping over it', async () => {
    const PATH = path.dirname(program('fresh', '1.10.0'));
    for (const wrong of [path.join(folder, 'nowhere'), program('old', '1.4.9'), folder]) {
      await expect(findByRecipe(recipe, { PATH, FIREBREAK_TOOL_MADE_UP: wrong })).rejects.toMatchObject({
        code: 'input.tool-override',
      });
    }
  });

  test('compares versions as numbers', () => {
    expect(compareVersions('1.10.0', '1.9.9')).toBeGreaterThan(0);
    expect(compareVersions('28.0', '28.0.0')).toBe(0);
    expect(compareVersions('0.25.9', '0.26.0')).toBeLessThan(0);
  });
});

describe('the recipes', () => {
  test('name each tool and its variable once', () => {
    expect(new Set(recipes.map(({ name }) => overrideVariable(name))).size).toBe(recipes.length);
    expect(overrideVariable('temporal-test-server')).toBe('FIREBREAK_TOOL_TEMPORAL_TEST_SERVER');
  });

  test.each([
    ['temporal', 'temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)', '1.8.2'],
    ['btcd', 'btcd version 0.26.2-beta', '0.26.2'],
    ['bitcoind', 'Bitcoin Core version v28.1.0', '28.1.0'],
    ['softhsm2-util', '2.6.1', '2.6.1'],
    ['prometheus', 'prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5)', '2.42.0'],
    ['alertmanager', 'alertmanager, version 0.25.0 (branch: debian/sid, revision: 0.25.0-1)', '0.25.0'],
  ])('read what %s says of itself', (name, says, version) => {
    const check = recipes.find((recipe) => recipe.name === name)?.versionCheck;
    expect(check?.pattern.exec(says)?.[1]).toBe(version);
    expect(compareVersions(version, check?.atLeast ?? '')).toBeGreaterThanOrEqual(0);
  });
});
