import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COMPILED } from './compile-cache.mjs';
import { projectFolder } from './recipes.mjs';

describe('run.mjs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-run-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A TypeScript file of our own, run by the runner in a process of its own. */
  function run(source: string, args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
    const file = path.join(folder, 'program.ts');
    writeFileSync(file, source);
    const runner = path.join(projectFolder, 'toolchain', 'run.mjs');
    const { NODE_COMPILE_CACHE: _own, NODE_DISABLE_COMPILE_CACHE: _none, ...env } = process.env;
    return spawn(process.execPath, [runner, file, ...args], {
      env: { ...env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  test('hands over arguments and exit code, on Node 26', async () => {
    const child = run(
      'const args: string[] = process.argv.slice(2);\nconsole.log(process.version, ...args);\nprocess.exitCode = 7;\n',
      ['--flag', 'a b'],
    );
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(7);
    expect(text).toMatch(/^v26\.\d+\.\d+ --flag a b\n$/);
  });

  const SAYS_WHERE =
    "import { getCompileCacheDir } from 'node:module';\nimport { isMainThread, Worker } from 'node:worker_threads';\n" +
    'const kept: string = String(getCompileCacheDir());\nconsole.log(kept);\nif (isMainThread) new Worker(new URL(import.meta.url));\n';

  /** Where its process and its thread say that compiled code is kept. */
  async function kept(environment: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
    const child = run(SAYS_WHERE, [], environment);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    return text.trim().split('\n');
  }

  test('keeps what Node compiled of a file beside the packages, for the next start and for threads', async () => {
    expect(await kept()).toEqual([expect.stringContaining(COMPILED), expect.stringContaining(COMPILED)]);
  });

  test('keeps it where the operator says, and starts as well where it cannot be kept', async () => {
    const own = path.join(folder, 'own');
    const there = [expect.stringContaining(own), expect.stringContaining(own)];
    expect(await kept({ NODE_COMPILE_CACHE: own })).toEqual(there);
    expect(await kept({ NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual(['undefined', 'undefined']);
    const occupied = path.join(folder, 'program.ts');
    expect(await kept({ NODE_COMPILE_CACHE: occupied })).toEqual(['undefined', 'undefined']);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on and waits for an orderly end', async (signal) => {
    const child = run(
      `process.on('${signal}', () => { console.log('tidied'); process.exit(9); });\nsetInterval(() => undefined, 1000);\nconsole.log('ready');\n`,
    );
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text === 'ready\n') child.kill(signal);
    });
    const [code] = await once(child, 'close');
    expect({ code, text }).toEqual({ code: 9, text: 'ready\ntidied\n' });
  });
});
