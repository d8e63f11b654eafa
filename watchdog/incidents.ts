import { Client, type Connection, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { inertText } from '../domain/alert/text.ts';
import { standingFrom } from '../domain/incident/standing.ts';
import { addNote, INCIDENT, type IncidentInput, startIncident } from '../workflows/incident/messages.ts';
import type { Logger } from '../telemetry/log.ts';
import type { WatchdogConfig } from './config.ts';
import { INCIDENTS_MAX, type Memory } from './memory.ts';

/** An incident that somebody ended or set back past its own rules. */
export type Tampering = { readonly id: string; readonly title: string; readonly how: string; readonly done: string };

type Remembered = Memory['incidents'][string];

/**
 * Compares the incidents that were open with those that are. One that was terminated, or that failed, is opened again with what it was
 * started with: its run is joined and not begun a second time. One that was reset is told so in its timeline. `memory` is brought up to date.
 */
export async function watchIncidents(
  connection: Connection,
  { temporal }: Pick<WatchdogConfig, 'temporal'>,
  memory: Memory,
  logger: Logger,
): Promise<readonly Tampering[]> {
  const client = new Client({ connection, namespace: temporal.namespace });
  const ms = temporal.answer_ms_max;
  const bounded = <T>(ask: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + ms, ask);
  const open = await bounded(() => openIncidents(client));
  const found: Tampering[] = [];
  for (const [id, before] of Object.entries(memory.incidents)) {
    const now = open.get(id);
    if (now?.runId === before.runId) continue;
    try {
      const what = await bounded(() =>
        now === undefined ? gone(client, id, before) : replaced(client, id, before, now),
      );
      if (what === 'open') continue;
      if (what !== undefined) found.push(what);
      if (now === undefined) delete memory.incidents[id];
    } catch (error) {
      // It is looked at again the next time: it stays remembered.
      logger.warn({ incident: id, err: error }, 'an incident could not be looked at');
      if (now !== undefined) open.delete(id);
    }
  }
  for (const [id, each] of open) memory.incidents[id] = each;
  const kept = Object.entries(memory.incidents).slice(-INCIDENTS_MAX);
  memory.incidents = Object.fromEntries(kept);
  return found;
}

async function openIncidents(client: Client): Promise<Map<string, Remembered>> {
  const open = new Map<string, Remembered>();
  const query = `WorkflowType = '${INCIDENT}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, runId, memo } of client.workflow.list({ query })) {
    const standing = standingFrom(memo?.['incident'], Date.now());
    open.set(workflowId, { runId, title: standing?.title ?? workflowId, severity: standing?.severity ?? 'SEV1' });
    if (open.size >= INCIDENTS_MAX) break;
  }
  return open;
}

/** It is not in the list of open ones: it ended well, the list is behind, or somebody ended it. */
async function gone(client: Client, id: string, before: Remembered): Promise<Tampering | 'open' | undefined> {
  const described = await client.workflow
    .getHandle(id)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
  const status = described?.status.name;
  if (status === 'RUNNING') return 'open';
  if (described === undefined || status === 'COMPLETED') return undefined;
  const how = `its execution was ${inertText(String(status).toLowerCase(), 30)}`;
  const input = await inputOf(client, id, described.runId);
  if (input === undefined)
    return { id, title: before.title, how, done: 'it could not be opened again: open one by hand' };
  const standing = standingFrom(described.memo?.['incident'], Date.now());
  const reopened: IncidentInput = { ...input, severity: standing?.severity ?? input.severity, reopened: how };
  await client.workflow.start(INCIDENT, startIncident(reopened, described.taskQueue));
  return { id, title: before.title, how, done: 'it was opened again; its run was left as it is' };
}

/**
 * Another execution has its name: it was carried on, somebody set it back, or it was terminated and opened again. Only a reset goes on in
 * the same chain of executions. Whoever opened it again has told people, and of an opening that says nothing of that they are told here.
 */
async function replaced(
  client: Client,
  id: string,
  before: Remembered,
  now: Remembered,
): Promise<Tampering | undefined> {
  const { status } = await client.workflow.getHandle(id, before.runId).describe();
  if (status.name !== 'TERMINATED') return undefined;
  const [was, is] = [await startOf(client, id, before.runId), await startOf(client, id, now.runId)];
  if (was?.chain === undefined || was.chain !== is?.chain) {
    if (is?.input?.reopened !== undefined) return undefined;
    const how = 'its execution was terminated and another one was started';
    return { id, title: before.title, how, done: 'read both executions; whoever started it was not the watchdog' };
  }
  const text = 'this incident was reset in the engine: what happened after that point stands in the old execution only';
  const note = { by: 'watchdog', text, attachments: [], say: false };
  // With no worker nobody takes the note; people are paged all the same.
  await client.workflow
    .getHandle(id)
    .startUpdate(addNote, { args: [note], waitForStage: 'ACCEPTED' })
    .catch(() => undefined);
  return {
    id,
    title: before.title,
    how: 'its execution was reset',
    done: 'it goes on from an earlier point; read both executions',
  };
}

const inputOf = async (client: Client, id: string, runId: string): Promise<IncidentInput | undefined> =>
  (await startOf(client, id, runId))?.input;

type Start = { readonly chain: string | undefined; readonly input: IncidentInput | undefined };

/** How an execution began: the first one of its chain, and what it was given. */
async function startOf(client: Client, id: string, runId: string): Promise<Start | undefined> {
  const { events } = await client.workflow.getHandle(id, runId).fetchHistory();
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  if (started === undefined || started === null) return undefined;
  const payload = started.input?.payloads?.[0];
  return {
    chain: started.firstExecutionRunId ?? undefined,
    input:
      payload === undefined || payload === null
        ? undefined
        : defaultPayloadConverter.fromPayload<IncidentInput>(payload),
  };
}
