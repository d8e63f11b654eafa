import { execFileSync } from 'node:child_process';
import { closeSync, cpSync, mkdtempSync, openSync, rmSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type SmallDisk = {
  /** Puts a file system of `bytes` bytes over `folder`, with a copy of what is in it. */
  mountOver(folder: string, bytes: number): Mounted;
};
export type Mounted = {
  /** Writes until nothing more fits. */
  fill(): void;
  free(): void;
  /** Takes it away again; what was underneath is untouched. */
  undo(): void;
};

/** A real file system that is really full: a small tmpfs. Undefined where this process may not mount one. */
export function smallDisk(): SmallDisk | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'firebreak-disk-'));
  try {
    mount(probe, 1 << 20);
    execFileSync('umount', [probe]);
  } catch {
    return undefined;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
  return { mountOver };
}

const mount = (folder: string, bytes: number): Buffer =>
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', folder], { stdio: 'pipe' });

function mountOver(folder: string, bytes: number): Mounted {
  const copy = mkdtempSync(join(tmpdir(), 'firebreak-disk-'));
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  mount(folder, bytes);
  cpSync(copy, folder, { recursive: true, preserveTimestamps: true });
  rmSync(copy, { recursive: true, force: true });
  const ballast = join(folder, 'ballast');
  return {
    fill() {
      const file = openSync(ballast, 'w');
      const block = Buffer.alloc(4_096, 1);
      try {
        while (statfsSync(folder).bavail > 0) writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => unlinkSync(ballast),
    undo: () => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' }),
  };
}
