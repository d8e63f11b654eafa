import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type Standing, standingFrom } from '../../domain/incident/standing.ts';
import {
  INCIDENT,
  incidentId,
  incidentQuery,
  type IncidentView,
  runOfIncident,
} from '../../workflows/incident/messages.ts';
import { type RunView, runViewQuery } from '../../workflows/run-playbook/messages.ts';
import type { Operator } from '../operator.ts';

/** Longer than a worker takes that takes over from another; after it there is none. */
const LOOK_MS = 5_000;
const RECEIPT_MS = 15_000;

export type ListedIncident = {
  readonly key: string;
  readonly incident: string;
  readonly run: string;
  readonly status: string;
  readonly openedAtMs: number;
  /** As far as the list of executions knows it. */
  readonly severity: string;
  readonly playbook: string;
  /** What the incident itself wrote into the list; null: it is of an older kind, or no incident of ours. */
  readonly standing: Standing | null;
};

/** Incidents of this network, newest first. No worker is needed. */
export async function incidentsOf(
  client: Client,
  operator: Operator,
  limit: number,
): Promise<readonly ListedIncident[]> {
  const { name: network } = operator.genesis;
  const query = `WorkflowType = '${INCIDENT}' AND Network = '${network}'`;
  const found: ListedIncident[] = [];
  for await (const run of client.workflow.list({ query })) {
    const key = run.workflowId.slice(incidentId(network, '').length);
    found.push({
      key,
      incident: run.workflowId,
      run: runOfIncident(network, key),
      status: run.status.name.toLowerCase(),
      openedAtMs: run.startTime.getTime(),
      severity: attribute(run, 'Severity'),
      playbook: attribute(run, 'Playbook'),
      standing: standingFrom(run.memo?.['incident'], Date.now()) ?? null,
    });
    if (found.length >= limit) break;
  }
  return found;
}

const attribute = ({ typedSearchAttributes }: WorkflowExecutionInfo, name: string): string =>
  String(typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value ?? '-');

/** The workflow of a run, given it, the name that votes call it, or the key of its incident. */
export function runNamed({ genesis }: Operator, id: string): string {
  const { name: network } = genesis;
  if (!id.includes('/')) return runOfIncident(network, id);
  return id.startsWith(incidentId(network, '')) ? runOfIncident(network, id.slice(incidentId(network, '').length)) : id;
}

/** The workflow of an incident, given it, its key, or the run that answers it; undefined: a run inside of another. */
export function incidentNamed({ genesis }: Operator, id: string): string | undefined {
  const { name: network } = genesis;
  const own = id.startsWith(runOfIncident(network, '')) ? id.slice(runOfIncident(network, '').length) : id;
  if (!own.includes('/')) return incidentId(network, own);
  return own.startsWith(incidentId(network, '')) ? own : undefined;
}

/** The same, where only an incident will do. */
export function mustBeIncident(operator: Operator, id: string): string {
  const incident = incidentNamed(operator, id);
  if (incident !== undefined) return incident;
  throw new FirebreakFailure('input.usage', `${id} is a run inside of another; name its incident`);
}

/** What stands in the memo of an execution: it can be read with every worker dead. */
export const rememberedIn = ({ memo }: Pick<WorkflowExecutionDescription, 'memo'>): Standing | undefined =>
  standingFrom(memo?.['incident'], Date.now());

/** What the run itself says now; needs a worker. */
export const viewOf = (client: Client, workflowId: string): Promise<RunView> =>
  client.withDeadline(Date.now() + LOOK_MS, () => client.workflow.getHandle(workflowId).query(runViewQuery));

/** What the incident itself says now; needs a worker. */
export const incidentViewOf = (client: Client, workflowId: string): Promise<IncidentView> =>
  client.withDeadline(Date.now() + LOOK_MS, () => client.workflow.getHandle(workflowId).query(incidentQuery));

/** Waits for the receipt of a message to a run; without one the message may still arrive, and the same id is the same message. */
export const send = <Receipt>(client: Client, work: () => Promise<Receipt>): Promise<Receipt> =>
  client.withDeadline(Date.now() + RECEIPT_MS, work);

/** The one thing of a kind that is open, or the one at the step that was named. */
export function theOpen<Thing>(
  things: readonly Thing[],
  stepOf: (thing: Thing) => string,
  step: string | undefined,
  what: string,
): Thing {
  const found = step === undefined ? things : things.filter((thing) => stepOf(thing) === step);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const open = things.map(stepOf).join(', ');
  if (found.length > 0) throw new FirebreakFailure('input.usage', `several are open; name one with --step: ${open}`);
  throw new FirebreakFailure(
    'not-yet.nothing-asked',
    `no ${what} is open ${step === undefined ? 'in this run' : `at step ${step.slice(0, 100)}`}${open === '' ? '' : `, but at ${open}`}`,
  );
}
