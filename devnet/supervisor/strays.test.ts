import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { launch, plainEnvironment } from './launch.ts';
import { strays } from './strays.ts';

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'a process that no ledger knows is found by the folder it was started for, and a neighbour is not',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'firebreak-strays-'));
    const inside = join(root, 'net', 'validator-001');
    const beside = join(root, 'network');
    for (const folder of [inside, beside]) mkdirSync(folder, { recursive: true });
    const start = (cwd: string) =>
      launch({ command: 'sleep', args: ['60'], cwd, env: plainEnvironment(), log: join(cwd, 'log') });
    const [ours, neighbour] = [await start(inside), await start(beside)];
    // Somebody's own program in the same folder carries no mark.
    const stranger = spawn('sleep', ['60'], { cwd: inside, stdio: 'ignore' });
    await once(stranger, 'spawn');
    try {
      expect(strays(join(root, 'net'))).toMatchObject([{ name: 'validator-001', pid: ours.pid }]);
      expect(strays(beside)).toEqual([]);
    } finally {
      for (const pid of [ours.pid, neighbour.pid, stranger.pid ?? 0]) process.kill(pid, 'SIGKILL');
      await Promise.all([ours.exited, neighbour.exited, once(stranger, 'exit')]);
      rmSync(root, { recursive: true, force: true });
    }
  },
);
