import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Client } from '@temporalio/client';
import { filesBelow } from '../files-below.ts';
import { type Layout, validatorIds, WORKER_COUNT } from '../layout.ts';
import type { Network } from '../network.ts';
import { LOOPBACK } from '../ports.ts';
import { finder, hayOf, type Needle } from './needles.ts';

/** Something that a network wrote or says, to be searched for secrets. */
export type Hay = { readonly name: string; readonly bytes: Buffer };

/** Files that exist to hold a secret; everything else that the network wrote is searched. */
const HOLDS_A_SECRET = /(\.key|\.pin|keystore\.secret|keystore\.age)$|(^|\/)(softhsm|committee|owner|operator)\//;
const PAGE_MS = 3_000;

/** Every file below the folder of a network that is not there to hold a secret. */
export function writtenBy(layout: Layout): Hay[] {
  return filesBelow(layout.root)
    .map((file) => ({ file, name: relative(layout.root, file) }))
    .filter(({ name }) => !HOLDS_A_SECRET.test(name))
    .flatMap(({ file, name }) => {
      try {
        return [{ name, bytes: readFileSync(file) }];
      } catch (error) {
        // A log of a database that its owner has just taken away; everything else is a failure of the search.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    });
}

/** What each of its processes that has a page of metrics says about itself; a network need not have an api and a watchdog. */
export async function saidBy({ ports, supervisor }: Pick<Network, 'ports' | 'supervisor'>): Promise<Hay[]> {
  const page = async (name: string, port: number): Promise<Hay> => {
    const url = `http://${LOOPBACK}:${port}/metrics`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(PAGE_MS), redirect: 'error' });
    if (!answer.ok) throw new Error(`${name}: ${url} answers ${answer.status}`);
    return { name, bytes: Buffer.from(await answer.text()) };
  };
  const workers = Array.from({ length: WORKER_COUNT }, (_unused, index) => index + 1);
  const beside = [
    ['api', 'metrics of the api', ports.alertsMetrics],
    ['watchdog', 'metrics of the watchdog', ports.watchdog],
  ] as const;
  return Promise.all([
    page('metrics of Temporal', ports.temporalMetrics),
    ...validatorIds().map((id) => page(`metrics of validator ${id}`, ports.health(id))),
    ...workers.map((worker) => page(`metrics of worker ${worker}`, ports.workerMetrics(worker))),
    ...beside
      .filter(([service]) => supervisor.service(service)?.pid() !== undefined)
      .map(([, name, port]) => page(name, port)),
  ]);
}

/** Histories of all runs: payload bytes as they are, not as a printed history would escape them. */
export async function rememberedBy(client: Client): Promise<Hay[]> {
  const hays: Hay[] = [];
  for await (const { workflowId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    hays.push({ name: workflowId, bytes: hayOf(events ?? []) });
  }
  return hays;
}

/** What was found where, in words. */
export function leaksIn(hays: readonly Hay[], needles: readonly Needle[]): readonly string[] {
  const find = finder(needles);
  return hays.flatMap(({ name, bytes }) => find(bytes).map(({ secret, form }) => `${secret} as ${form} in ${name}`));
}
