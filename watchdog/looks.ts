import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import type { WatchdogConfig } from './config.ts';

/** `undefined`: it cannot be said now, because what would say it is gone itself. */
export type Look = { readonly what: string; readonly fine: boolean | undefined; readonly why: string };
export type ApiHealth = { readonly heartbeats: Readonly<Record<string, number>> };

const ANSWER_BYTES_MAX = 65_536;
/** temporal.api.enums.v1.TaskQueueType: who polls for workflows. */
const WORKFLOW_QUEUE = 1;

/** Waits at most so long, also for a call that does not end when it is told to. */
export async function within<T>(ms: number, ask: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const asked = ask();
  asked.catch(() => undefined);
  try {
    return await Promise.race([
      asked,
      pause(ms, undefined, { signal: stop.signal, ref: false }).then(() => {
        throw new Error(`no answer within ${ms} ms`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 200);

export async function lookAtTemporal(connection: Connection, { temporal }: WatchdogConfig): Promise<Look> {
  const { address, namespace, answer_ms_max: ms } = temporal;
  const what = 'temporal';
  try {
    await within(ms, () =>
      connection.withDeadline(Date.now() + ms, () => connection.workflowService.describeNamespace({ namespace })),
    );
    return { what, fine: true, why: `${address} answers` };
  } catch (error) {
    return { what, fine: false, why: `Temporal at ${address} does not answer: ${said(error)}` };
  }
}

/** The server lists a poller for minutes after it has gone; when it asked last tells whether it lives. */
export async function lookAtWorkers(
  connection: Connection,
  { temporal }: WatchdogConfig,
  queue: string,
  engine: Look,
  nowMs: number,
): Promise<Look> {
  const { namespace, answer_ms_max: ms, worker_silent_seconds: seconds } = temporal;
  const what = `workers:${queue}`;
  if (engine.fine !== true) return { what, fine: undefined, why: 'Temporal does not answer' };
  try {
    const { pollers } = await within(ms, () =>
      connection.withDeadline(Date.now() + ms, () =>
        connection.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name: queue },
          taskQueueType: WORKFLOW_QUEUE,
        }),
      ),
    );
    const alive = (pollers ?? []).filter(
      ({ lastAccessTime }) => nowMs - 1_000 * Number(lastAccessTime?.seconds ?? 0) < seconds * 1_000,
    );
    return { what, fine: alive.length > 0, why: `${alive.length} workers ask for work on task queue ${queue}` };
  } catch (error) {
    return { what, fine: undefined, why: said(error) };
  }
}

/** Of several apis one that is ready is enough; `undefined` when none is asked. */
export async function lookAtApis(
  config: WatchdogConfig,
): Promise<{ readonly look: Look; readonly health: readonly ApiHealth[] }> {
  const what = 'api';
  if (config.apis.length === 0) return { look: { what, fine: undefined, why: 'no api is watched' }, health: [] };
  const answers = await Promise.all(config.apis.map((url) => healthOf(url, config.temporal.answer_ms_max)));
  const ready = answers.filter((answer) => 'heartbeats' in answer);
  const why = answers
    .map((answer, at) => `${config.apis[at] ?? ''}: ${'why' in answer ? answer.why : 'ready'}`)
    .join('; ');
  return { look: { what, fine: ready.length > 0, why }, health: ready };
}

async function healthOf(url: string, ms: number): Promise<ApiHealth | { readonly why: string }> {
  try {
    const response = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(ms), redirect: 'manual' });
    const text = (await response.text()).slice(0, ANSWER_BYTES_MAX);
    const answer = JSON.parse(text) as {
      readonly ready?: unknown;
      readonly reasons?: unknown;
      readonly heartbeats?: unknown;
    };
    if (answer.ready !== true) return { why: `not ready: ${JSON.stringify(answer.reasons ?? []).slice(0, 200)}` };
    return { heartbeats: numbersIn(answer.heartbeats) };
  } catch (error) {
    return { why: said(error) };
  }
}

const numbersIn = (value: unknown): Readonly<Record<string, number>> =>
  typeof value !== 'object' || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).filter((each): each is [string, number] => typeof each[1] === 'number'));

/** Whether each source's always-firing alert has come in its time. `heard` is brought up to date: an api that restarts forgets. */
export function lookAtHeartbeats(
  config: Pick<WatchdogConfig, 'heartbeats'>,
  { look, health }: Awaited<ReturnType<typeof lookAtApis>>,
  heard: Record<string, number>,
  nowMs: number,
): readonly Look[] {
  return Object.entries(config.heartbeats).map(([source, minutes]) => {
    const what = `heartbeat:${source}`;
    if (look.fine !== true) return { what, fine: undefined, why: 'no api answers' };
    const last = Math.max(heard[source] ?? nowMs, ...health.map(({ heartbeats }) => heartbeats[source] ?? 0));
    // A clock that is ahead at the api must not make it live for ever.
    heard[source] = Math.min(last, nowMs);
    const silentMs = nowMs - heard[source];
    const why = `the always-firing alert of ${source} came last ${Math.floor(silentMs / 60_000)} minutes ago`;
    return { what, fine: silentMs <= minutes * 60_000, why };
  });
}
