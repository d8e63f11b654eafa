import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from './command.mjs';
import { leanNodeFlags } from './lean-node.mjs';
import { projectFolder } from './recipes.mjs';
import { bundledEntry } from './validator-entry.mjs';

const SOURCE = join(projectFolder, 'validator', 'main.ts');
/** Beside the packages, as the real shelf is: what is no part of the bundle is found from there. */
const cache = join(projectFolder, 'node_modules', '.cache', 'firebreak');
let shelf = '';
let entry = '';
const said: string[] = [];

beforeAll(async () => {
  mkdirSync(cache, { recursive: true }); // a fresh clone has none
  shelf = mkdtempSync(join(cache, 'shelf-of-a-test-'));
  entry = await bundledEntry(shelf, (line) => said.push(line));
});
afterAll(() => rmSync(shelf, { recursive: true, force: true }));

const run = (program: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...leanNodeFlags, program, ...args], {
    cwd: shelf,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
};

test('the agent is bundled with nothing that the bundler did not understand', () => {
  expect(said).toEqual([]);
  expect(entry).toMatch(/[0-9a-f]{32}.validator.main\.mjs$/);
});

test('the bundle says and refuses what the sources do', () => {
  expect(run(entry, 'init', '--help')).toEqual(run(SOURCE, 'init', '--help'));
  expect(run(entry, 'run', '--config', 'absent.toml')).toEqual(run(SOURCE, 'run', '--config', 'absent.toml'));
});

test('the same sources are bundled once, and nothing unfinished stays behind', async () => {
  const before = readdirSync(shelf);
  expect(await bundledEntry(shelf, (line) => said.push(line))).toBe(entry);
  expect(readdirSync(shelf)).toEqual(before);
  expect(before).toHaveLength(1);
});

test('a bundle that lost something, to a crash or to another hand, is not started: it is built again', async () => {
  expect(entry.startsWith(shelf)).toBe(true); // else it is a source, and nobody's to damage
  const before = readFileSync(entry, 'utf8');
  const cannotBuild = async () => ({ code: 1, timedOut: false, tail: [], stdout: '' });
  const signer = join(dirname(entry), 'signer.mjs');
  const kept = readFileSync(signer);
  rmSync(signer);
  expect(await bundledEntry(shelf, () => undefined, cannotBuild)).toBe(SOURCE);
  writeFileSync(signer, kept);
  expect(await bundledEntry(shelf, () => undefined, cannotBuild)).toBe(entry);
  writeFileSync(entry, '');
  expect(await bundledEntry(shelf, (line) => said.push(line))).toBe(entry);
  expect(readFileSync(entry, 'utf8')).toBe(before);
});

test('where no bundle can be kept, the sources are started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-shelf-'));
  try {
    const file = join(folder, 'a file where the folder should be');
    writeFileSync(file, '');
    expect(await bundledEntry(file, (line) => said.push(line))).toBe(SOURCE);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what bundles the agent sees no variable of its caller but those that every program needs', async () => {
  const folder = mkdtempSync(join(cache, 'shelf-of-a-test-'));
  process.env['SHARE_PASSPHRASE'] = 'the passphrase of a share';
  let seen: Record<string, string> = {};
  try {
    await bundledEntry(
      folder,
      () => undefined,
      async (program, _args, options) => {
        const outcome = await runCommand(program, ['-p', 'JSON.stringify(process.env)'], options);
        seen = JSON.parse(outcome.stdout) as Record<string, string>;
        return { ...outcome, code: 1 };
      },
    );
  } finally {
    delete process.env['SHARE_PASSPHRASE'];
    rmSync(folder, { recursive: true });
  }
  expect(seen['PATH']).toBe(process.env['PATH']);
  expect(Object.keys(seen).filter((name) => !['PATH', 'HOME', 'LANG', 'TMPDIR'].includes(name))).toEqual([]);
});
