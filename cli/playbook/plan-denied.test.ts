import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const NETWORK = path.join(ROOT, 'cli', 'ceremony', 'recorded', 'network.json');

/** Says on standard error what was denied, also to a program that keeps quiet about it. */
const WATCH = `
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
for (const what of ['fs', 'net', 'child', 'worker', 'addon', 'wasi', 'ffi', 'inspector'])
  subscribe('node:permission-model:' + what, ({ permission }) => writeSync(2, 'denied ' + permission + '\\n'));`;
/** Node's own permission model: the repository may be read, and that is all: no write, no socket, no program, no thread. */
const DENIED = [
  '--permission',
  `--allow-fs-read=${ROOT}`,
  '--import',
  `data:text/javascript,${encodeURIComponent(WATCH)}`,
];

function node(...args: readonly string[]): { status: number | null; stdout: string; denied: string[]; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  return { status, stdout, stderr, denied: stderr.match(/^denied \w+$/gm) ?? [] };
}

test.each([
  ['suspected-share-theft', 'suspect=7'],
  ['identity-seen-twice', 'validator=7'],
])(
  'the plan of %s is the same where nothing can be written, sent or started, and nothing of it is tried',
  (name, input) => {
    const words = ['cli/main.ts', 'playbook', 'plan', `playbooks/${name}`, '--input', input, '--network', NETWORK];
    const free = node(...words);
    const beginning = expect.stringMatching(RegExp(`^${name}: .+\ndigest [0-9a-f]{64}\n`));
    expect(free).toMatchObject({ status: 0, stdout: beginning });
    expect(node(...DENIED, ...words)).toMatchObject({ status: 0, stdout: free.stdout, denied: [] });
  },
);

let folder = '';
let server: Server;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'firebreak-denied-'));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

/** What is denied, and one program that does it and nothing else. */
const EFFECTS: readonly (readonly [permission: string, program: () => string])[] = [
  [
    'FileSystemWrite',
    () => `(await import('node:fs')).writeFileSync(${JSON.stringify(path.join(folder, 'written'))}, 'x')`,
  ],
  [
    'Net',
    () => {
      const { port } = server.address() as AddressInfo;
      return `const { once } = await import('node:events');
const socket = (await import('node:net')).connect(${port}, '127.0.0.1');
await once(socket, 'connect');
socket.destroy();`;
    },
  ],
  ['ChildProcess', () => `(await import('node:child_process')).execFileSync(process.execPath, ['--eval', ''])`],
  ['WorkerThreads', () => `new (await import('node:worker_threads')).Worker('', { eval: true })`],
];

test.each(EFFECTS)(
  'the check can fail: a program that needs %s works when it is free, and under the same flags it is stopped and told of',
  (permission, program) => {
    const script = program();
    const run = (...flags: readonly string[]) => node(...flags, '--input-type=module', '--eval', script);
    expect(run()).toMatchObject({ status: 0, stderr: '' });
    const stopped = run(...DENIED);
    expect(stopped).toMatchObject({ status: 1, stderr: expect.stringContaining('ERR_ACCESS_DENIED') });
    expect(stopped.denied).toEqual([`denied ${permission}`]);
    const quiet = node(...DENIED, '--input-type=module', '--eval', `try { ${script} } catch {}`);
    expect(quiet).toMatchObject({ status: 0, denied: [`denied ${permission}`] });
  },
);
