import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import { testNetwork } from './network.ts';
import { COMMITTEE } from './playbooks.ts';
import { eventually } from './rig.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'workers', 'main.ts');
const READY_MS = 60_000;

export type WorkerProcess = { readonly child: ChildProcess; readonly exit: Promise<unknown>; log(): string };

/** Real workers from one folder, with validators that are all away and a committee that can vote. */
export function workerProcesses(folder: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const identity = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  const genesis = { ...testNetwork(3, 5).genesis, committee: COMMITTEE, coordinators: [identity] };
  writeFileSync(join(folder, 'identity.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(join(folder, 'network.json'), JSON.stringify(genesis));
  const children: ChildProcess[] = [];

  /** Begins one and does not wait for it; `sections` are further ones of its `coordinator.toml`. */
  async function begin(address: string, sections: readonly string[] = []): Promise<WorkerProcess & { port: number }> {
    const port = await loopbackPort();
    const file = join(folder, `coordinator-${port}.toml`);
    const own = [
      `[temporal]\naddress = "${address}"`,
      '[network]\ngenesis_file = "network.json"\nidentity_file = "identity.key"',
      '[bitcoin]\nuse = "memory"',
      `[metrics]\nport = ${port}`,
    ];
    writeFileSync(file, `${[...own, ...sections].join('\n\n')}\n`);
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, '--config', file]);
    children.push(child);
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    return { child, exit: new Promise((resolve) => child.once('exit', resolve)), log: () => log, port };
  }

  /** Resolves when the worker is ready. */
  async function launch(address: string, sections: readonly string[] = []): Promise<WorkerProcess> {
    const { port, ...begun } = await begin(address, sections);
    const isReady = async (): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.status === 200;
    await eventually('the worker is ready', isReady, READY_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${begun.log()}`);
    });
    return begun;
  }
  const kill = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  return { genesis, begin, launch, kill };
}
