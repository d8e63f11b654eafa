import type { Client } from '@temporalio/client';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { progressQuery } from '../../workflows/lib/progress.ts';
import type { Operator } from '../operator.ts';
import { progressLine } from '../waiting.ts';
import { mentions } from './mentions.ts';

const PROCESSES_MAX = 1_000;
/** Each is a history to fetch, of at most a few hundred events. */
const RUNNING_READ_MAX = 50;
/** A busy worker may not say how far a process is; that it runs is known without it. */
const PHASE_MS = 5_000;
/** A result is one short question each. */
const RESULTS_AT_ONCE = 16;

export type ProcessRun = {
  readonly workflowId: string;
  readonly type: string;
  readonly status: string;
  readonly startedAtMs: number;
  readonly closedAtMs: number | undefined;
};

/** Processes of this network, newest first. */
export async function processRuns(client: Client, operator: Operator, limit: number): Promise<readonly ProcessRun[]> {
  const runs: ProcessRun[] = [];
  for await (const run of client.workflow.list({ query: `Network = '${operator.genesis.name}'` })) {
    runs.push({
      workflowId: run.workflowId,
      type: run.type,
      status: run.status.name.toLowerCase(),
      startedAtMs: run.startTime.getTime(),
      closedAtMs: run.closeTime?.getTime(),
    });
    if (runs.length >= limit) break;
  }
  return runs;
}

/** The part of a result that names a ceremony and its evidence; every process that leaves evidence has it. */
type Trace = {
  readonly ceremony?: string;
  readonly evidence?: BlobRef;
  readonly report?: { readonly statements?: BlobRef };
};

/**
 * The name of a process, given itself, or a ceremony: of one that runs by what it has done so far, of one that is over by its
 * result.
 */
export async function processOf(client: Client, operator: Operator, id: string): Promise<string> {
  if (id.includes('/')) return id;
  const runs = await processRuns(client, operator, PROCESSES_MAX);
  const found = (await runningWith(client, runs, id)) ?? (await leftBy(client, runs, id))?.workflowId;
  if (found === undefined) throw unknownCeremony(operator, id);
  return found;
}

/**
 * Finds a process by its name (`payOut/…`), or by the ceremony id that its result names. Never waits for one that runs:
 * `not-yet.evidence` says which it is and how far.
 */
export async function evidenceOf(client: Client, operator: Operator, id: string): Promise<LeftEvidence> {
  if (id.includes('/')) return evidenceOfProcess(client, id);
  const runs = await processRuns(client, operator, PROCESSES_MAX);
  const found = await leftBy(client, runs, id);
  if (found !== undefined) return found;
  const running = await runningWith(client, runs, id);
  if (running !== undefined) throw await stillRuns(client, running);
  throw unknownCeremony(operator, id);
}

export type LeftEvidence = { readonly workflowId: string; readonly ref: BlobRef };

async function evidenceOfProcess(client: Client, id: string): Promise<LeftEvidence> {
  const handle = client.workflow.getHandle(id);
  // The result of a process that runs would be waited for, for days if need be.
  if ((await handle.describe()).status.name === 'RUNNING') throw await stillRuns(client, id);
  const ref = evidenceIn((await handle.result()) as Trace);
  if (ref !== undefined) return { workflowId: id, ref };
  throw new FirebreakFailure(
    'not-yet.evidence',
    `${id} is over and has left no evidence; its result: \`firebreak ceremony show ${id}\``,
  );
}

const evidenceIn = (trace: Trace): BlobRef | undefined => trace.evidence ?? trace.report?.statements;

/** The process among these whose result names the ceremony, with what it left. */
async function leftBy(
  client: Client,
  runs: readonly ProcessRun[],
  ceremony: string,
): Promise<LeftEvidence | undefined> {
  for (const { workflowId, status } of runs) {
    if (status !== 'completed') continue;
    const trace = (await client.workflow.getHandle(workflowId).result()) as Trace;
    const ref = evidenceIn(trace);
    if (ref !== undefined && trace.ceremony === ceremony) return { workflowId, ref };
  }
  return undefined;
}

async function runningWith(client: Client, runs: readonly ProcessRun[], ceremony: string): Promise<string | undefined> {
  const running = runs.filter((run) => run.status === 'running').slice(0, RUNNING_READ_MAX);
  for (const { workflowId } of running) {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    if (mentions(history, ceremony)) return workflowId;
  }
  return undefined;
}

const unknownCeremony = (operator: Operator, id: string): FirebreakFailure =>
  new FirebreakFailure(
    'input.unknown-process',
    `no process of ${operator.genesis.name} is known to belong to ceremony ${id}; show it by its name (payOut/…, generateKey/…)`,
  );

async function stillRuns(client: Client, id: string): Promise<FirebreakFailure> {
  const phase = await client
    .withDeadline(Date.now() + PHASE_MS, () => client.workflow.getHandle(id).query(progressQuery))
    .then(
      (progress) => `: ${progressLine(progress)}`,
      () => '',
    );
  return new FirebreakFailure(
    'not-yet.evidence',
    `${id} still runs${phase}. Its evidence comes with its end; \`firebreak ceremony show ${id}\` says where it stands`,
    { workflowId: id },
  );
}

/** How a process ended that said so itself: the word of its result, and the code when it was refused. */
export type Ending = { readonly outcome?: string; readonly code?: string };

/** Endings of the completed ones by name. */
export async function endingsOf(client: Client, runs: readonly ProcessRun[]): Promise<ReadonlyMap<string, Ending>> {
  const endings = new Map<string, Ending>();
  const completed = runs.filter((run) => run.status === 'completed');
  for (let at = 0; at < completed.length; at += RESULTS_AT_ONCE) {
    const slice = completed.slice(at, at + RESULTS_AT_ONCE).map(async ({ workflowId }) => {
      const result = await client.workflow.getHandle(workflowId).result();
      endings.set(workflowId, endingIn(result as Readonly<Record<string, unknown>> | undefined));
    });
    await Promise.all(slice);
  }
  return endings;
}

function endingIn(result: Readonly<Record<string, unknown>> | undefined): Ending {
  const { outcome, refusal } = (result ?? {}) as { outcome?: unknown; refusal?: { code?: unknown } };
  return {
    ...(typeof outcome === 'string' ? { outcome } : {}),
    ...(typeof refusal?.code === 'string' ? { code: refusal.code } : {}),
  };
}
