import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { headersOf, isInstalled } from './install.mjs';

describe('installed packages', () => {
  let project: string;

  beforeEach(() => {
    project = mkdtempSync(path.join(os.tmpdir(), 'firebreak-install-'));
    mkdirSync(path.join(project, 'node_modules'));
    lock('package-lock.json', {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/mac': { version: '2.0.0', optional: true },
    });
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  const lock = (file: string, packages: object) =>
    writeFileSync(path.join(project, file), JSON.stringify({ packages }));
  const installed = (packages: object) => lock('node_modules/.package-lock.json', packages);

  test('are those of the lock, but for optional ones of other platforms', () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(isInstalled(project)).toBe(true);
  });

  test('are not there after an install that was interrupted', () => {
    expect(isInstalled(project)).toBe(false);
  });

  test('are out of date when the lock wants another version, another content or one more', () => {
    installed({ 'node_modules/a': { version: '1.0.1' } });
    expect(isInstalled(project)).toBe(false);
    installed({ 'node_modules/a': { version: '1.0.0', integrity: 'sha512-other' } });
    expect(isInstalled(project)).toBe(false);
    installed({});
    expect(isInstalled(project)).toBe(false);
  });
});

test('headers that lie beside Node are used as they are, and nothing is said of those that do not', () => {
  const prefix = mkdtempSync(path.join(os.tmpdir(), 'firebreak-node-'));
  const node = path.join(prefix, 'bin', 'node');
  const before = process.env['npm_config_nodedir'];
  delete process.env['npm_config_nodedir'];
  try {
    expect(headersOf(node)).toEqual({});
    mkdirSync(path.join(prefix, 'include', 'node'), { recursive: true });
    writeFileSync(path.join(prefix, 'include', 'node', 'node_api.h'), '');
    expect(headersOf(node)).toEqual({ npm_config_nodedir: prefix });
    process.env['npm_config_nodedir'] = '/somewhere';
    expect(headersOf(node)).toEqual({});
  } finally {
    if (before === undefined) delete process.env['npm_config_nodedir'];
    else process.env['npm_config_nodedir'] = before;
    rmSync(prefix, { recursive: true, force: true });
  }
});
