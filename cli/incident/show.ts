import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { type Asks, commandsOf } from '../../domain/incident/asks.ts';
import { linesOf } from '../../domain/incident/standing.ts';
import type { RunPlaybookResult, RunView } from '../../workflows/run-playbook/messages.ts';
import { withClient } from '../coordinator.ts';
import { utc } from '../duration.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { remedyOf, typed, typedLine } from '../report.ts';
import { incidentNamed, incidentViewOf, rememberedIn, runNamed, viewOf } from './find.ts';
import { describeRecords, recordsOf } from './records.ts';
import { describeRun, describeTimeline } from './words.ts';

export type ShowOptions = { readonly data: string; readonly timeline?: boolean };

/**
 * One incident: what happened, what runs, who must act next and by when, which can be read with every worker dead; and what its run says
 * of itself: what is asked of whom in full, or how it ended.
 */
export async function showIncident(options: ShowOptions, id: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const incident = await incidentPart(client, operator, id, options.timeline === true);
    const run = await runPart(client, operator, id, incident);
    return {
      data: { ...incident?.data, ...run.data },
      lines: [...(incident?.lines ?? []), ...run.lines].map(typedLine),
      ...(run.next === undefined ? {} : { next: run.next }),
    };
  });
}

type IncidentPart = Pick<Outcome, 'data' | 'lines'> & { readonly frozenUntilMs: number | null };

async function incidentPart(
  client: Client,
  operator: Operator,
  id: string,
  withTimeline: boolean,
): Promise<IncidentPart | undefined> {
  const workflowId = incidentNamed(operator, id);
  if (workflowId === undefined) return undefined;
  const handle = client.workflow.getHandle(workflowId);
  const described = await handle.describe().catch((error: unknown) => {
    // A run may have been started without an incident.
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  const standing = described === undefined ? undefined : rememberedIn(described);
  if (described === undefined || standing === undefined) return undefined;
  const status = described.status.name.toLowerCase();
  const lines = [...linesOf(standing, Date.now())];
  if (status !== 'running' && status !== 'completed')
    lines.push(`  ${status.toUpperCase()} in the engine: what stands here is what it said last`);
  const view = withTimeline ? await incidentViewOf(client, workflowId).catch(() => undefined) : undefined;
  const recorded = withTimeline ? await recordsOf(client, operator, workflowId) : undefined;
  return {
    frozenUntilMs: standing.frozenUntilMs,
    data: {
      incident: workflowId,
      incidentStatus: status,
      standing,
      ...(view === undefined ? {} : { timeline: view.timeline }),
      ...(recorded?.ok === true ? { records: recorded.records } : {}),
    },
    lines: [
      ...lines,
      ...(view === undefined ? [] : describeTimeline(view)),
      ...(recorded === undefined ? [] : describeRecords(operator, recorded)),
      '',
    ],
  };
}

async function runPart(
  client: Client,
  operator: Operator,
  id: string,
  incident: IncidentPart | undefined,
): Promise<Outcome> {
  const known = incident !== undefined;
  const workflowId = runNamed(operator, id);
  const handle = client.workflow.getHandle(workflowId);
  const described = await handle.describe().catch((error: unknown) => {
    if (known && error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  if (described === undefined)
    return { data: { workflowId, status: 'opening' }, lines: [`${workflowId}: OPENING, no worker has begun it`] };
  const status = described.status.name.toLowerCase();
  const times = timesOf(described);
  if (status === 'completed') {
    const result = (await handle.result()) as RunPlaybookResult;
    return {
      data: { workflowId, status, result },
      lines: [`${workflowId}: OVER`, ...times, ...ending(result, incident?.frozenUntilMs ?? null, Date.now())],
    };
  }
  if (status !== 'running')
    return { data: { workflowId, status }, lines: [`${workflowId}: ${status.toUpperCase()}`, ...times] };
  const view = await viewOf(client, workflowId).catch(() => undefined);
  if (view === undefined) return withoutWorkers(workflowId, described);
  return {
    data: { workflowId, status, view },
    lines: [
      ...describeRun(view, workflowId, { inIncident: known, pinnedEpoch: operator.genesis.committee.epoch }),
      ...times,
    ],
    ...nextOf(view, workflowId),
  };
}

/** The command for what is asked first. */
function nextOf({ approvals, tasks, orders, phase }: RunView, of: string): Pick<Outcome, 'next'> {
  const asked: readonly Asks[] = [
    ...approvals.map(({ request: { subject } }) => ({ kind: 'vote', of, step: subject.step }) as const),
    ...tasks.map(({ step }) => ({ kind: 'form', of, step }) as const),
    ...orders.filter(({ isWaitedFor }) => isWaitedFor).map(() => ({ kind: 'order', of }) as const),
    ...(phase === 'halted' ? [{ kind: 'halted', of } as const] : []),
  ];
  const [next] = asked.flatMap((asks) => commandsOf(asks));
  return next === undefined ? {} : { next: next.replace(/^firebreak /, '') };
}

/** What the server itself knows: who must act next can be read with every worker dead. */
function withoutWorkers(workflowId: string, described: WorkflowExecutionDescription): Outcome {
  const known = Object.fromEntries(
    described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, String(value)]),
  );
  return {
    data: { workflowId, status: 'running', workers: false, known },
    lines: [
      `${workflowId}: RUNNING, and no worker answers; this is what the engine last heard`,
      ...Object.entries(known).map(([name, value]) => `  ${name.padEnd(13)}  ${value}`),
      ...timesOf(described),
    ],
  };
}

const timesOf = ({ startTime, closeTime }: WorkflowExecutionDescription): readonly string[] => [
  `  started    ${utc(startTime.getTime() / 1_000)}`,
  ...(closeTime === undefined ? [] : [`  ended      ${utc(closeTime.getTime() / 1_000)}`]),
];

/** A freeze outlives the run that put it, also where taking it back was asking for a lift; when it has ended by itself, nothing of it stands. */
export function ending(result: RunPlaybookResult, frozenUntilMs: number | null, nowMs: number): readonly string[] {
  if (result.outcome === 'done') return [`  outcome    done: ${result.end}`];
  const { refusal, undone, left } = result;
  const standing = left.map(({ step }) => step);
  if (frozenUntilMs !== null && frozenUntilMs > nowMs)
    standing.push(`payouts are frozen until ${utc(frozenUntilMs / 1_000)}, unless they were lifted since`);
  return [
    `  outcome    failed, ${refusal.code}: ${refusal.message}`,
    `  undone     ${undone.join(', ') || 'nothing'}`,
    `  standing   ${standing.join(', ') || 'nothing'}`,
    `  remedy     ${typed(remedyOf(refusal.code))}`,
  ];
}
