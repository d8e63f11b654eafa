import type { Client } from '@temporalio/client';
import { setTimeout as wait } from 'node:timers/promises';
import { type ValidatorId, validatorName } from '../domain/network/network.ts';
import { type JournalReader, readJournal, STEP } from '../validator/custody/journal/read.ts';
import type { Layout } from './layout.ts';
import { type FoundRequest, watchForRequest } from './request-watch.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

/** A partial signature that a validator's journal says left, or was about to leave. */
export type PartialSeen = { readonly validator: ValidatorId; readonly atMs: number };

export type Takeover = {
  readonly ceremony: string;
  readonly signers: readonly ValidatorId[];
  /** Signer that was stopped, so that the tenth partial could not come before the kill. */
  readonly heldBack: ValidatorId;
  readonly killed: { readonly worker: string; readonly pid: number; readonly atMs: number };
  /** undefined when nobody took over while we looked. */
  readonly takenOver: { readonly worker: string; readonly atMs: number } | undefined;
  readonly before: readonly PartialSeen[];
};

export type TakeoverSetting = {
  readonly layout: Layout;
  readonly supervisor: Supervisor;
  readonly client: Client;
  readonly vault: string;
  readonly workflowId: string;
  /** Names of the services that run workers. */
  readonly workers: readonly string[];
  readonly signal: AbortSignal;
};

const LOOK_MS = 5;
const REQUEST_TIMEOUT_MS = 60_000;
const PARTIAL_TIMEOUT_MS = 15_000;
const TAKEOVER_TIMEOUT_MS = 8_000;

/**
 * Kills the coordinator between the first and the last partial signature of a payout, from the outside: as soon as the signing
 * request exists, its last signer is stopped (SIGSTOP), so that at most threshold - 1 partials can appear; as soon as a journal
 * shows the first, the worker that runs the activity is killed (SIGKILL). The signer continues when another worker has taken
 * over. undefined when the window was missed; the payout then goes its ordinary way.
 */
export async function killCoordinatorMidway(setting: TakeoverSetting): Promise<Takeover | undefined> {
  const { layout, supervisor, signal } = setting;
  const request = await watchForRequest(layout.blobs, setting.vault, REQUEST_TIMEOUT_MS, signal);
  if (request === undefined) return undefined;
  const heldBack = request.signers.at(-1);
  if (heldBack === undefined) return undefined;
  const signer = supervisor.service(validatorName(heldBack));
  if (signer?.signal('SIGSTOP') !== true) return undefined;
  const journals = openJournals(layout, request.signers);
  try {
    if (!(await firstPartial(journals, request, heldBack, signal))) return undefined;
    const killed = await killActive(setting);
    if (killed === undefined) return undefined;
    const before = partialsIn(journals, request.ceremony);
    const takenOver = await untilTakenOver(setting, killed.pid, killed.atMs);
    return { ceremony: request.ceremony, signers: request.signers, heldBack, killed, takenOver, before };
  } finally {
    signer.signal('SIGCONT');
    for (const journal of journals.values()) journal.close();
  }
}

/** True when at least one partial exists and the signer that was held back has not signed. */
async function firstPartial(
  journals: ReadonlyMap<ValidatorId, JournalReader>,
  request: FoundRequest,
  heldBack: ValidatorId,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = Date.now() + PARTIAL_TIMEOUT_MS;
  while (Date.now() < deadline && !signal.aborted) {
    const seen = partialsIn(journals, request.ceremony);
    if (seen.some((one) => one.validator === heldBack)) return false;
    if (seen.length > 0) return true;
    await wait(LOOK_MS);
  }
  return false;
}

/** SIGKILL to the worker whose attempt is pending; Temporal knows it by pid. When it cannot say, every worker is killed. */
async function killActive(setting: TakeoverSetting): Promise<Takeover['killed'] | undefined> {
  const pid = (await pendingAttempt(setting))?.pid;
  const services = setting.workers.map((name) => setting.supervisor.service(name)).filter((one) => one !== undefined);
  const active = services.filter((one) => one.pid() === pid);
  let killed: Takeover['killed'] | undefined;
  for (const service of active.length > 0 ? active : services) {
    const victim = service.pid();
    if (victim !== undefined && service.signal('SIGKILL'))
      killed ??= { worker: service.name, pid: victim, atMs: Date.now() };
  }
  return killed;
}

async function untilTakenOver(
  setting: TakeoverSetting,
  deadPid: number,
  killedAtMs: number,
): Promise<Takeover['takenOver']> {
  const deadline = killedAtMs + TAKEOVER_TIMEOUT_MS;
  while (Date.now() < deadline && !setting.signal.aborted) {
    const attempt = await pendingAttempt(setting).catch(() => undefined);
    if (attempt !== undefined && attempt.pid !== deadPid && attempt.startedAtMs > killedAtMs) {
      const worker = setting.workers.find((name) => setting.supervisor.service(name)?.pid() === attempt.pid);
      return { worker: worker ?? `process ${attempt.pid}`, atMs: attempt.startedAtMs };
    }
    await wait(50);
  }
  return undefined;
}

/** A worker's identity ends in its pid: `host/coordinator/pid`. */
async function pendingAttempt(
  setting: TakeoverSetting,
): Promise<{ readonly pid: number; readonly startedAtMs: number } | undefined> {
  const { raw } = await setting.client.workflow.getHandle(setting.workflowId).describe();
  for (const activity of raw.pendingActivities ?? []) {
    const pid = Number(/\/(\d+)$/.exec(activity.lastWorkerIdentity ?? '')?.[1]);
    const started = activity.lastStartedTime;
    if (Number.isInteger(pid) && started) {
      return { pid, startedAtMs: Number(started.seconds ?? 0) * 1000 + Math.floor((started.nanos ?? 0) / 1e6) };
    }
  }
  return undefined;
}

function openJournals(layout: Layout, signers: readonly ValidatorId[]): ReadonlyMap<ValidatorId, JournalReader> {
  return new Map(signers.map((id) => [id, readJournal(layout.validator(id).journal)]));
}

export function partialsIn(
  journals: ReadonlyMap<ValidatorId, JournalReader>,
  ceremony: string,
): readonly PartialSeen[] {
  return [...journals]
    .flatMap(([validator, journal]) =>
      journal.steps
        .of(ceremony)
        .filter(({ step }) => step === STEP.partialReleased)
        .slice(0, 1)
        .map(({ atMs }) => ({ validator, atMs })),
    )
    .sort((a, b) => a.atMs - b.atMs);
}

/** The same from the files, for the timeline after everything is over. */
export function readPartials(
  layout: Layout,
  signers: readonly ValidatorId[],
  ceremony: string,
): readonly PartialSeen[] {
  const journals = openJournals(layout, signers);
  try {
    return partialsIn(journals, ceremony);
  } finally {
    for (const journal of journals.values()) journal.close();
  }
}
