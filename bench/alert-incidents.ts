import { setTimeout as wait } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { SentAlert } from '../api/testkit/delivering.ts';
import { NETWORK_NAME, SIGNER_COUNT } from '../devnet/layout.ts';
import type { Network } from '../devnet/network.ts';
import { incidentId, runOfIncident } from '../workflows/incident/messages.ts';
import { firstTaskMs } from './history.ts';
import type { Reading, Setting } from './measure.ts';
import { maximum, quantile } from './statistics.ts';

const SAMPLES = 30;
const OPEN_MS = 30_000;
const LOOK_MS = 20;

/** One alert after the other; what each of them starts is ended before the next. */
export async function incidentReadings(
  { runs = SAMPLES, say, signal }: Setting,
  network: Network,
  client: Client,
  deliver: (network: Network, alert: SentAlert) => Promise<string>,
): Promise<readonly Reading[]> {
  const opened: number[] = [];
  for (let sample = 1; sample <= runs; sample += 1) {
    signal.throwIfAborted();
    const postedAtMs = Date.now();
    // Alerts about one validator would share an incident.
    const labels = { validator: String(1 + (sample % SIGNER_COUNT)) };
    const record = await deliver(network, { id: `opens-${sample}`, name: 'ValidatorOffline', labels });
    const key = record.slice(record.lastIndexOf('/') + 1);
    const incident = incidentId(NETWORK_NAME, key);
    opened.push((await openedAtMs(client, incident, signal)) - postedAtMs);
    await ended(client, [incident, runOfIncident(NETWORK_NAME, key), record]);
    if (sample % 10 === 0) say(`${sample} of ${runs}: open after ${maximum(opened).toFixed(0)} ms at most`);
  }
  return [
    {
      title: 'from POST to open incident, p99',
      unit: 's',
      result: quantile(opened, 0.99) / 1_000,
      target: { of: 'result', max: 2 },
      detail: `${opened.length} alerts, p50 ${quantile(opened, 0.5).toFixed(0)} ms, max ${maximum(opened).toFixed(0)} ms`,
    },
  ];
}

async function openedAtMs(client: Client, incident: string, signal: AbortSignal): Promise<number> {
  const deadline = Date.now() + OPEN_MS;
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    if (await exists(client, incident)) {
      const atMs = firstTaskMs(await client.workflow.getHandle(incident).fetchHistory());
      if (atMs !== undefined) return atMs;
    }
    await wait(LOOK_MS);
  }
  throw new Error(`${incident} is not open after ${OPEN_MS / 1_000} s`);
}

const exists = (client: Client, id: string): Promise<boolean> =>
  client.workflow
    .getHandle(id)
    .describe()
    .then(
      () => true,
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );

/** Not by the rules of an incident: nobody is left to close them. */
async function ended(client: Client, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await client.workflow
      .getHandle(id)
      .terminate('the measure is over')
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
}
