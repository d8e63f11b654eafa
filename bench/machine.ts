import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';
import { projectFolder } from '../toolchain/recipes.mjs';
import { findTool } from '../toolchain/tools.mjs';

const run = promisify(execFile);

/** Where and with what a table was measured; no path and no name of the machine. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** Load average of the last minute before anything was measured. */
  readonly loadBefore: number;
  readonly node: string;
  /** Outside programs by name; absent ones are left out. */
  readonly tools: Readonly<Record<string, string>>;
  /** Short commit, with "+ changes" when files differ from it; undefined outside of git. */
  readonly commit: string | undefined;
  /** ISO 8601, UTC, whole minutes. */
  readonly measuredAt: string;
};

export async function describeMachine(now = new Date()): Promise<Machine> {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: loadNow(),
    node: process.versions.node,
    tools: await toolVersions(['temporal', 'btcd', 'softhsm2']),
    commit: await commit(),
    measuredAt: `${now.toISOString().slice(0, 16)}Z`,
  };
}

export const loadNow = (): number => os.loadavg()[0] ?? 0;

/** Lines for a table's head. */
export function machineLines(machine: Machine): readonly string[] {
  const tools = Object.entries(machine.tools).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}`,
    `load before: ${machine.loadBefore.toFixed(2)}`,
    [`Node ${machine.node}`, ...tools].join(', '),
    `commit ${machine.commit ?? 'unknown'}, ${machine.measuredAt}`,
  ];
}

async function toolVersions(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const name of names) {
    const found = await findTool(name).catch(() => undefined);
    if (found !== undefined) versions[name] = found.version ?? 'present';
  }
  return versions;
}

async function commit(): Promise<string | undefined> {
  try {
    const git = async (...args: string[]): Promise<string> =>
      (await run('git', args, { cwd: projectFolder, timeout: 10_000 })).stdout.trim();
    const changes = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', '--short', 'HEAD')}${changes === '' ? '' : ' + changes'}`;
  } catch {
    return undefined; // a source archive without history measures as well
  }
}
