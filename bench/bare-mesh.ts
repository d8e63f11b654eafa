import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { leanNodeFlags } from '../toolchain/lean-node.mjs';

const MESH_MS = 120_000;
const STOP_MS = 5_000;
const entry = fileURLToPath(new URL('./bare-libp2p.ts', import.meta.url));

export type BareMesh = {
  /** From the start of the first process until the last one is connected to all others. */
  readonly meshMs: number;
  readonly pids: readonly number[];
};

/** One bare libp2p process per port, with a validator's Node flags, all connected; ended when `work` is done. */
export async function withBareMesh<T>(
  ports: readonly number[],
  signal: AbortSignal,
  work: (mesh: BareMesh) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const children = ports.map((_port, position) =>
    spawn(process.execPath, [...leanNodeFlags, entry, String(position), ports.join(',')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  try {
    const late = AbortSignal.any([signal, AbortSignal.timeout(MESH_MS)]);
    await Promise.all(children.map((child) => untilMesh(child, late)));
    const meshMs = performance.now() - startedAt;
    return await work({ meshMs, pids: children.map(({ pid }) => pid ?? 0) });
  } finally {
    await Promise.all(children.map(end));
  }
}

type Child = ChildProcessByStdio<null, Readable, null>;

async function untilMesh(child: Child, signal: AbortSignal): Promise<void> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('a bare libp2p process ended before it was connected');
  });
  const connected = once(child.stdout, 'data', { signal }).catch((cause: unknown) => {
    throw new Error('the bare libp2p processes were not all connected in time', { cause });
  });
  ended.catch(() => undefined); // it ends later too, when it is told to
  await Promise.race([connected, ended]);
}

async function end(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
