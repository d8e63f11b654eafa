import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { LOOPBACK } from '../devnet/ports.ts';
import { launch, plainEnvironment } from '../devnet/supervisor/launch.ts';
import { identify } from '../devnet/supervisor/process-identity.ts';
import { endProcess } from '../devnet/supervisor/supervisor.ts';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { toolPath } from '../toolchain/tools.mjs';
import { temporalArguments } from '../workers/server.ts';
import { withFolder } from './devnet.ts';
import type { Setting } from './measure.ts';
import { withoutSettings } from './server-settings.ts';

const READY_MS = 90_000;
const LOOK_MS = 200;
const GRACE_MS = 5_000;

export type Engine = { readonly address: string; readonly client: Client };

/** A Temporal server on a file of its own and nothing else, as the devnet starts it; `without`: settings that are left at the server's own values. */
export const withEngine = <T>(
  { signal }: Pick<Setting, 'signal'>,
  without: readonly string[],
  work: (engine: Engine) => Promise<T>,
): Promise<T> =>
  withFolder(async (folder) => {
    const port = await loopbackPort();
    const address = `${LOOPBACK}:${port}`;
    const settings = { port, uiPort: await loopbackPort(), httpPort: await loopbackPort() };
    const args = temporalArguments({
      ...settings,
      metricsPort: await loopbackPort(),
      databaseFile: join(folder, 'temporal.db'),
    });
    const running = await launch({
      command: await toolPath('temporal'),
      args: withoutSettings(args, without),
      cwd: folder,
      env: plainEnvironment(),
      log: join(folder, 'temporal.log'),
    });
    const identity = identify(running.pid);
    if (identity === undefined) throw new Error(`Temporal ended at once: ${await running.exited}`);
    try {
      const connection = await connected(address, signal);
      try {
        return await work({ address, client: new Client({ connection }) });
      } finally {
        await connection.close();
      }
    } finally {
      await endProcess(identity, GRACE_MS, running.exited);
    }
  });

async function connected(address: string, signal: AbortSignal): Promise<Connection> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    signal.throwIfAborted();
    const connection = Connection.lazy({ address });
    try {
      await connection.withDeadline(Date.now() + 2_000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      return connection;
    } catch (error) {
      await connection.close();
      if (Date.now() > deadline) throw error;
      await wait(LOOK_MS);
    }
  }
}
