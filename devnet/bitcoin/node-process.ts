import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { basicAuthorization, connectRpc, type NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import { FOLDER_MARK } from '../supervisor/launch.ts';

/** Where a node lives and whom it talks to, whichever program it is. */
export type BitcoinNodeOptions = {
  /** Folder of this node: its blocks, its configuration with the password (0600), its log. */
  readonly dir: string;
  readonly rpcPort: number;
  /** Where other nodes reach it on loopback; without it the node talks to nobody. */
  readonly p2pPort?: number;
  /** File (0600) with the RPC password, made when it is not there; nodes may share one. */
  readonly passwordFile?: string;
  /** `host:port` of nodes that it connects to and stays connected to. */
  readonly connect?: readonly string[];
  readonly startTimeoutMs?: number;
};

export type RunningBitcoinNode = {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly passwordFile: string;
  readonly pid: number;
  readonly rpc: NodeRpc;
  /** Resolves with exit code or signal, whoever ended it. */
  readonly exited: Promise<string>;
  /** SIGTERM, then SIGKILL after ten seconds. */
  stop(): Promise<void>;
  /** SIGKILL at once: the power cut of a fault test. */
  kill(): Promise<void>;
};

/** How one program is started: what stands in its configuration file, its arguments, and its name in messages. */
export type NodeProgram = {
  readonly name: string;
  readonly binary: string;
  configuration(user: string, password: string): string;
  flags(configFile: string): readonly string[];
};

const USER = 'firebreak';
const STOP_GRACE_MS = 10_000;

/**
 * Starts one node and waits until it answers. A second start in the same folder continues with the same blocks and password.
 * Rejects with the last lines of its log when it does not come up.
 */
export async function startNode(program: NodeProgram, options: BitcoinNodeOptions): Promise<RunningBitcoinNode> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const passwordFile = options.passwordFile ?? join(options.dir, 'rpc-password');
  const password = await passwordOf(passwordFile);
  const configFile = join(options.dir, `${program.name}.conf`);
  await writeFile(configFile, program.configuration(USER, password), { mode: 0o600 });
  const logFile = join(options.dir, `${program.name}.log`);
  const log = await open(logFile, 'a', 0o600);
  const child = spawn(program.binary, program.flags(configFile), {
    cwd: options.dir,
    env: { HOME: options.dir, PATH: process.env['PATH'] ?? '', [FOLDER_MARK]: options.dir },
    stdio: ['ignore', log.fd, log.fd],
  });
  const exited = exitOf(child);
  await log.close();
  const url = `http://127.0.0.1:${options.rpcPort}/`;
  const rpc = connectRpc({
    url,
    authorization: async () => basicAuthorization(USER, password),
    timeoutMs: 10_000,
    maxResponseBytes: 64 << 20,
  });
  const names = { program: program.name, rpc };
  await untilItAnswers(names, child, exited, logFile, options.startTimeoutMs ?? 30_000);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    url,
    user: USER,
    password,
    passwordFile,
    pid: child.pid ?? 0,
    rpc,
    exited,
    kill: () => end('SIGKILL'),
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await end('SIGTERM');
      clearTimeout(timer);
    },
  };
}

async function passwordOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const fresh = randomBytes(16).toString('hex');
    await writeFile(file, `${fresh}\n`, { mode: 0o600 });
    return fresh;
  }
}

async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit');
    return String(code ?? signal);
  } catch (cause) {
    return cause instanceof Error ? cause.message : 'did not start';
  }
}

async function untilItAnswers(
  { program, rpc }: { readonly program: string; readonly rpc: NodeRpc },
  child: ChildProcess,
  exited: Promise<string>,
  logFile: string,
  timeoutMs: number,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  let gone: string | undefined;
  void exited.then((how) => {
    gone = how;
  });
  while (Date.now() < end && gone === undefined) {
    const answer = await rpc.call('getblockcount', []).catch(() => undefined);
    if (answer?.ok === true) return;
    await Promise.race([wait(50), exited]);
  }
  child.kill('SIGKILL');
  await exited;
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-10).join('\n');
  throw new Error(
    `${program} did not answer on ${rpc.name} (${gone ?? `waited ${timeoutMs} ms`}); the log ${logFile} ends:\n${lines}`,
  );
}
