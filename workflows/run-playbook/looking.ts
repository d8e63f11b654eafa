import { sleep } from '@temporalio/workflow';
import { refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { NotifyStep, ProbeStep } from '../../domain/playbook/plan.ts';
import { resolveArgument, resolveArguments } from '../../domain/playbook/resolve.ts';
import { msOf } from '../../domain/playbook/time.ts';
import { effects, named } from '../lib/effects.ts';
import { type Tried, tries, verdictWithTimeout } from './effect.ts';
import { record } from './recording.ts';
import {
  attempting,
  effectKey,
  holds,
  inFlight,
  leftMs,
  markOf,
  type Results,
  type Run,
  timedOut,
  valuesOf,
} from './run.ts';
import { type Frame } from './state.ts';

/** Looks once, or until it has held for as long as the step says. */
export async function probe(run: Run, step: ProbeStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  const times = attempting(
    () => step.hold && { forMs: msOf(step.hold.forMs, run.inputs), everyMs: msOf(step.hold.everyMs, run.inputs) },
  );
  if (!times.ok) return times;
  const { value: hold } = times;
  for (;;) {
    const seen = await tries(run, step, mark, step.retry, () => look(run, step, frame));
    if (!seen.ok) return seen;
    if (hold === undefined) return seen;
    mark.heldSinceMs ??= Date.now();
    const toGoMs = mark.heldSinceMs + hold.forMs - Date.now();
    if (toGoMs <= 0) return seen;
    if (leftMs(step, mark) <= toGoMs) return { ok: false, refusal: timedOut(step) };
    await sleep(Math.min(hold.everyMs, toGoMs), { summary: `Look again whether ${step.id} still holds`.slice(0, 200) });
  }
}

async function look(run: Run, step: ProbeStep, frame: Frame): Promise<Tried> {
  const given = attempting(() => resolveArguments(step.with, valuesOf(run, frame)));
  if (!given.ok) return { ...given, again: false };
  await run.room();
  const mark = markOf(run, step, frame);
  const seconds = Math.max(1, Math.floor(leftMs(step, mark) / 1_000));
  const seen = await verdictWithTimeout(
    step,
    inFlight(
      run,
      effects.lookAt.executeWithOptions(
        { ...named(step.summary, seconds), scheduleToCloseTimeout: (seconds + 5) * 1_000 },
        [{ network: run.input.network, probe: step.probe, arguments: given.value, seconds }],
      ),
    ),
  );
  if (!seen.ok) return { ...seen, again: seen.refusal.code !== 'unavailable.step-timeout' };
  const unlike = unexpected(run, step, frame, seen.value);
  if (unlike === undefined) return { ok: true, value: seen.value };
  delete mark.heldSinceMs;
  return { ...unlike, again: true };
}

function unexpected(run: Run, { id, expect }: ProbeStep, frame: Frame, result: Results): Refused | undefined {
  if (expect === undefined) return undefined;
  const held = holds(run, expect, frame, { result });
  if (!held.ok) return held;
  return held.value
    ? undefined
    : refuse('unavailable.probe-expectation', `${id} saw ${sayResults(result)}, expected ${expect}`.slice(0, 800));
}

type Refused = Extract<Verdict<Results>, { ok: false }>;

const sayResults = (result: Results): string =>
  Object.entries(result)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');

/** Tells people; so many channels that do not fail together have to confirm that they delivered it. */
export async function notify(run: Run, step: NotifyStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  const message = attempting(() => String(resolveArgument(step.notify.message, valuesOf(run, frame))));
  if (!message.ok) return message;
  const { channels, confirm } = step.notify;
  const key = effectKey(run, step.id, frame);
  return tries(run, step, mark, step.retry, async (): Promise<Tried> => {
    await run.room();
    const seconds = Math.max(1, Math.floor(leftMs(step, mark) / 1_000));
    const told = await verdictWithTimeout(
      step,
      inFlight(
        run,
        effects.notifyPeople.executeWithOptions(
          { ...named(step.summary, seconds), scheduleToCloseTimeout: (seconds + 5) * 1_000 },
          [{ channels, message: message.value, key, seconds, severity: run.input.incident.severity }],
        ),
      ),
    );
    if (!told.ok) return { ...told, again: told.refusal.code !== 'unavailable.step-timeout' };
    // Two rooms of one chat fail together: routes are counted, and not names.
    const { silent, confirmed, routes = confirmed } = told.value;
    record(run, 'notice.sent', { notice: key, confirmed, silent: silent.map(({ channel }) => channel) });
    if (routes.length >= confirm) return { ok: true, value: {} };
    const missing = silent.map(({ channel, code }) => `${channel} (${code})`).join(', ');
    return {
      ...refuse(
        'unavailable.confirmations',
        `${routes.length} of ${confirm} independent channels confirmed (${routes.join(', ') || 'none'}); not: ${missing || 'nobody'}`,
      ),
      again: true,
    };
  });
}
