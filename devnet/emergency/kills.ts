import type { Client } from '@temporalio/client';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type Network, workerNames } from '../network.ts';
import { witness } from './witness.ts';

const RETURN_MS = 240_000;

export type Killed = { readonly name: string; readonly pid: number; readonly atMs: number };

/** SIGKILL to the worker that last moved this execution; a worker's identity ends in its pid. */
export async function killActiveWorker({ supervisor }: Network, client: Client, workflowId: string): Promise<Killed> {
  const pid = await lastWorker(client, workflowId).catch(() => undefined);
  const services = workerNames()
    .map((name) => supervisor.service(name))
    .filter((one) => one !== undefined);
  const active = services.find((one) => one.pid() === pid) ?? services[0];
  return kill(active?.name ?? '', active?.pid(), active?.signal('SIGKILL') === true);
}

/** SIGKILL to the workflow engine itself; its supervisor starts it again on the same file. */
export function killTemporal({ supervisor }: Network): Killed {
  const service = supervisor.service('temporal');
  const pid = service?.pid();
  return kill('temporal', pid, service?.signal('SIGKILL') === true);
}

function kill(name: string, pid: number | undefined, done: boolean): Killed {
  if (pid !== undefined && done) return { name, pid, atMs: Date.now() };
  throw new FirebreakFailure('unknown-outcome.story', `${name || 'no worker'} could not be killed`);
}

/** The same service as another process. */
export function untilBack({ supervisor, signal }: Network, { name, pid }: Killed): Promise<number> {
  return witness({ what: `the return of ${name}`, timeoutMs: RETURN_MS, signal }, async () => {
    const now = supervisor.service(name)?.pid();
    return now === undefined || now === pid ? undefined : now;
  });
}

async function lastWorker(client: Client, workflowId: string): Promise<number | undefined> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const identities = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.identity ?? []);
  const pid = Number(/\/(\d+)$/.exec(identities.at(-1) ?? '')?.[1]);
  return Number.isInteger(pid) ? pid : undefined;
}
