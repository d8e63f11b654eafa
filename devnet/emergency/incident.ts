import type { Client } from '@temporalio/client';
import { type ListedIncident, incidentsOf, viewOf } from '../../cli/incident/find.ts';
import { readOperator } from '../../cli/operator.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { RunPlaybookResult, RunView } from '../../workflows/run-playbook/messages.ts';
import type { Network } from '../network.ts';
import { witness } from './witness.ts';

const INCIDENTS_LOOKED_AT = 20;

/** What waits in this incident, as Temporal and the run itself say it. */
export type Handled = {
  readonly network: Network;
  readonly client: Client;
  readonly incident: ListedIncident;
};

/** The newest incident of this playbook that was opened since then. */
export async function incidentSince(
  { layout }: Network,
  client: Client,
  playbook: string,
  sinceMs: number,
): Promise<ListedIncident | undefined> {
  const incidents = await incidentsOf(client, readOperator(layout.root), INCIDENTS_LOOKED_AT);
  return incidents.find((one) => one.playbook === playbook && one.openedAtMs >= sinceMs);
}

/** Waits until the run is where `look` wants it; a run that ends before is a story that went another way. */
export async function untilRun<T>(
  handled: Handled,
  what: string,
  timeoutMs: number,
  look: (view: RunView) => T | undefined | false,
): Promise<T> {
  const { network, client, incident } = handled;
  const found = await witness({ what, timeoutMs, signal: network.signal }, async () => {
    const seen = look(await viewOf(client, incident.run));
    if (seen !== undefined && seen !== false) return { seen };
    const why = await whyOver(handled);
    return why === undefined ? undefined : { why };
  });
  if ('seen' in found) return found.seen;
  throw new FirebreakFailure('unknown-outcome.story', `the run ended before ${what}: ${found.why}`);
}

/** Why nothing more is to be expected of the run; undefined as long as it goes on. */
async function whyOver({ client, incident }: Handled): Promise<string | undefined> {
  const { phase, refusal } = await viewOf(client, incident.run);
  if (phase === 'halted') return `${refusal?.code}, ${refusal?.message}`;
  const handle = client.workflow.getHandle(incident.run);
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') return undefined;
  const result = (await handle.result()) as RunPlaybookResult;
  return result.outcome === 'done' ? result.end : `${result.refusal.code}, ${result.refusal.message}`;
}

/** Waits until a step of the run has ended. */
export const untilFinished = (handled: Handled, step: string, timeoutMs: number): Promise<true> =>
  untilRun(handled, `step ${step} of the playbook`, timeoutMs, ({ finished }) => finished.includes(step) || undefined);

/** A run that has ended is followed by its incident: what is left to record is written, and validators sign the whole of it. */
const SEALING_MS = 480_000;

/** The run's own last word, once it and its incident have ended. */
export async function resultOf({ network, client, incident }: Handled, timeoutMs: number): Promise<RunPlaybookResult> {
  const handle = client.workflow.getHandle(incident.run);
  const isOver = (workflowId: string) => async (): Promise<true | undefined> =>
    (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING' ? undefined : true;
  const { signal } = network;
  await witness({ what: 'the end of the run', timeoutMs, signal }, isOver(incident.run));
  await witness({ what: 'the end of the incident', timeoutMs: SEALING_MS, signal }, isOver(incident.incident));
  return (await handle.result()) as RunPlaybookResult;
}
