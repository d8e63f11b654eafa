import { ActivityFailure, CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { Proof } from '../../domain/approval/execution.ts';
import { accept, familyOf, type Refusal, type Verdict } from '../../domain/errors/failure.ts';
import type { ActionStep, ApprovalStep, Retry, WorkflowStep } from '../../domain/playbook/plan.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import { resolveArguments } from '../../domain/playbook/resolve.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import type { UndoEntry } from './messages.ts';
import { witnessFreeze } from './freeze.ts';
import { record } from './recording.ts';
import { coveringOf } from './resume.ts';
import {
  attempting,
  changed,
  effectKey,
  inFlight,
  leftMs,
  markOf,
  type Results,
  type Run,
  timedOut,
  valuesOf,
} from './run.ts';
import { type Frame, keyOf, type Mark } from './state.ts';

/** An attempt that the engine itself gives up is given this much longer than the step, so that its own end counts. */
const GRACE_SECONDS = 5;
/** How long undoing waits for a signed order. */
const UNDO_ORDER_MS = 7 * 86_400_000;
const ORDERS_SUMMARY = 'Until the signed order is handed to the run';

/** What an effect needs besides its arguments, as the executor checks it. */
export type Asked = {
  readonly step: string;
  /** The approval that the plan asks for before this step, whether or not it has been given. */
  readonly coveredBy?: string;
  readonly approval?: {
    readonly step: string;
    readonly class: string;
    readonly quorum?: number;
    readonly proof: Proof;
  };
  /** Certificates of the keys that steps of this run have made. */
  readonly made?: readonly BlobRef[];
};

/** The approval whose certificate covers this execution of the step; the newest counts. */
export function askedFor(run: Run, step: { readonly id: string }, frame: Frame): Asked {
  const proof = run.state.proofs[keyOf(step.id, frame)];
  const { made = [] } = run.state;
  const covering = coveringOf(run.plan, step.id)[0]?.id;
  const coveredBy = covering === undefined ? {} : { coveredBy: covering };
  if (proof === undefined) return { step: step.id, ...coveredBy };
  const by = proof.certificate.subject.step;
  const approval = everyStep(run.plan.steps).find((each): each is ApprovalStep => 'approval' in each && each.id === by);
  const { class: kind = '', quorum } = approval?.approval ?? {};
  return {
    step: step.id,
    ...coveredBy,
    approval: { step: by, class: kind, proof, ...(quorum === undefined ? {} : { quorum }) },
    ...(made.length === 0 ? {} : { made }),
  };
}

/** One action of a plug-in, tried as often as the plan says. What it changes is never interrupted half-way. */
export async function act(run: Run, step: ActionStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  const given = attempting(() => resolveArguments(step.with, valuesOf(run, frame)));
  if (!given.ok) return given;
  const attempt = () =>
    once(run, frame, mark, {
      what: step.summary,
      step,
      action: step.action,
      given: given.value,
      ...(step.heartbeatMs === undefined ? {} : { silenceMs: step.heartbeatMs }),
    });
  return undoable(run, step, frame, () => tries(run, step, mark, step.retry, attempt));
}

/** Whatever comes of it, also when it is given up between two tries, what it may have done is in the list of what can be undone. */
export async function undoable(
  run: Run,
  step: ActionStep | WorkflowStep,
  frame: Frame,
  work: () => Promise<Verdict<Results>>,
): Promise<Verdict<Results>> {
  try {
    const verdict = await work();
    registerUndo(run, step, frame, verdict);
    return verdict;
  } catch (error) {
    const { refusal } = markOf(run, step, frame);
    if (isCancellation(error) && refusal !== undefined) registerUndo(run, step, frame, { ok: false, refusal });
    throw error;
  }
}

/** Before anything that follows: a finished reversible step can be undone, and one whose outcome nobody knows must be looked at. */
function registerUndo(run: Run, step: ActionStep | WorkflowStep, frame: Frame, verdict: Verdict<Results>): void {
  if (step.compensate === undefined) return;
  const unknown = !verdict.ok && ['unavailable', 'unknown-outcome'].includes(familyOf(verdict.refusal.code));
  if (!verdict.ok && !unknown) return;
  const { action, with: given } = step.compensate;
  const result = verdict.ok ? verdict.value : {};
  const values = attempting(() => resolveArguments(given, valuesOf(run, frame, { result })));
  run.state.undo.push({
    key: keyOf(step.id, frame),
    step: step.id,
    action,
    ...(values.ok ? { arguments: values.value } : { refusal: values.refusal }),
  });
}

/** Takes one step back, as often as its own retries allow. */
export const actBack = (
  run: Run,
  entry: UndoEntry & { readonly key: string },
  step: ActionStep | WorkflowStep,
): Promise<Verdict<Results>> => {
  const mark: Mark = { atMs: Date.now() };
  const frame: Frame = { suffix: entry.key.slice(entry.step.length), rounds: '', items: {} };
  return tries(run, step, mark, step.retry, () =>
    once(run, frame, mark, {
      what: `Undo ${step.id}: ${step.summary}`,
      step,
      action: entry.action,
      given: entry.arguments ?? {},
      undoes: true,
    }),
  );
};

type Once = {
  readonly what: string;
  readonly step: ActionStep | WorkflowStep;
  readonly action: string;
  readonly given: Results;
  readonly silenceMs?: number;
  readonly undoes?: boolean;
};

/** One try: the executor answers with results, with a no, or with what it still needs from people. */
async function once(
  run: Run,
  frame: Frame,
  mark: Mark,
  { what, step, action, given, silenceMs, undoes }: Once,
): Promise<Tried> {
  const key = keyOf(step.id, frame);
  // Members sign a lift in their own time; whoever does not want to wait closes the run.
  const untilMs = mark.atMs + (undoes === true ? Math.max(step.timeoutMs, UNDO_ORDER_MS) : step.timeoutMs);
  for (;;) {
    await run.room();
    const seconds = Math.max(1, Math.floor(leftMs(step, mark) / 1_000));
    const held = run.state.orders.length;
    const ask = () =>
      inFlight(
        run,
        effects.performAction.executeWithOptions(
          { ...named(what, seconds), scheduleToCloseTimeout: (seconds + GRACE_SECONDS) * 1_000 },
          [
            {
              network: run.input.network,
              run: run.name,
              playbook: run.input.playbook,
              key: `${effectKey(run, step.id, frame)}${undoes === true ? '/undo' : ''}`,
              action,
              arguments: given,
              asked: undoes === true ? { step: step.id } : askedFor(run, step, frame),
              sinceMs: mark.atMs,
              orders: run.state.orders,
              epochs: run.state.epochs,
              seconds,
              ...(silenceMs === undefined ? {} : { silenceMs }),
            },
          ],
        ),
      );
    // An effect that has begun is finished, whoever stops the run: what is half done could not be taken back.
    const shielded = step.effect === 'none' && undoes !== true ? ask() : CancellationScope.nonCancellable(ask);
    const performed = await verdictWithTimeout(step, shielded);
    if (!performed.ok)
      return { ok: false, refusal: performed.refusal, again: performed.refusal.code !== 'unavailable.step-timeout' };
    if (performed.value.outcome === 'done') {
      const { results, witnessed = [], asks = [] } = performed.value;
      for (const [at, order] of asks.entries())
        (run.state.asked ??= {})[`${key}/${at}`] = { step: step.id, ...order, untilMs: Date.now() + UNDO_ORDER_MS };
      for (const entry of witnessed) {
        const { kind, facts, ...said } = entry;
        witnessFreeze(run.state, entry);
        record(run, kind, facts, said);
      }
      return { ok: true, value: results };
    }
    if (performed.value.outcome === 'no') return { ok: false, ...performed.value };
    const { kind, above } = performed.value;
    run.state.wanted[key] = { step: step.id, kind, above, untilMs };
    run.show();
    const handed = await condition(
      () => run.state.orders.length > held || (undoes === true && run.state.told === 'close'),
      Math.max(1, untilMs - Date.now()),
      { summary: ORDERS_SUMMARY },
    ).finally(() => {
      delete run.state.wanted[key];
      run.show();
    });
    if (!handed || run.state.told === 'close') return { ok: false, refusal: timedOut(step), again: false };
    if (undoes === true) mark.atMs = Date.now();
  }
}

export type Tried =
  | { readonly ok: true; readonly value: Results }
  | { readonly ok: false; readonly refusal: Refusal; readonly again: boolean };

/** Tries again after a pause that doubles; a no that is final is not tried again. */
export async function tries(
  run: Run,
  step: { readonly id: string; readonly timeoutMs: number } & Parameters<typeof timedOut>[0],
  mark: Mark,
  retry: Retry,
  attempt: () => Promise<Tried>,
): Promise<Verdict<Results>> {
  for (;;) {
    const tried = await attempt();
    if (tried.ok) return accept(tried.value);
    mark.tries = (mark.tries ?? 0) + 1;
    mark.refusal = tried.refusal;
    if (!tried.again || mark.tries >= retry.attempts) return tried;
    const pauseMs = Math.min(retry.delayMs * 2 ** (mark.tries - 1), retry.delayMsMax);
    if (leftMs(step, mark) <= pauseMs) return tried;
    await sleep(pauseMs, { summary: `Try ${step.id} again: ${tried.refusal.message}`.slice(0, 200) });
    changed(run);
  }
}

/**
 * An effect that nobody finished in its time is a refusal like any other, also if it was tried again all that time because what stands
 * behind it is broken; cancellation passes through.
 */
export async function verdictWithTimeout<T>(
  step: Parameters<typeof timedOut>[0],
  effect: Promise<T>,
): Promise<Verdict<T>> {
  try {
    return await verdictOf(effect);
  } catch (error) {
    if (error instanceof ActivityFailure && !isCancellation(error)) return { ok: false, refusal: timedOut(step) };
    throw error;
  }
}
