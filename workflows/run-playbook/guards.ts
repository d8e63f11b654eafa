import { isCancellation } from '@temporalio/workflow';
import type { Refusal } from '../../domain/errors/failure.ts';
import { needsOf } from '../../domain/playbook/needs.ts';
import type { Guard } from '../../domain/playbook/plan.ts';
import { resolveArguments } from '../../domain/playbook/resolve.ts';
import { effects, named } from '../lib/effects.ts';
import { isCalledBack, verdictOf } from '../lib/refusal.ts';
import { attempting, type Run, valuesOf } from './run.ts';
import { OUTERMOST } from './state.ts';

/** One activity watches for so long: a look every half minute over days must not fill the history. */
const WATCH_SECONDS = 3_600;

/** Watches beside the run until its scope is cancelled; calls `abort` once when a guard says that the run must end. */
export function watchGuards(run: Run, abort: (refusal: Refusal) => void): Promise<unknown> {
  return Promise.all(run.plan.guards.map((guard) => watch(run, guard, abort)));
}

async function watch(run: Run, guard: Guard, abort: (refusal: Refusal) => void): Promise<void> {
  let wanted: 'breach' | 'recovery' = 'breach';
  try {
    for (;;) {
      const values = valuesOf(run, OUTERMOST);
      const given = attempting(() => resolveArguments(guard.with, values));
      if (!given.ok) return abort(breachOf(guard, given.refusal.message));
      const watched = await verdictOf(
        effects.watchGuard.executeWithOptions(named(`Guard ${guard.id}: ${guard.summary}`, WATCH_SECONDS), [
          {
            network: run.input.network,
            probe: guard.probe,
            arguments: given.value,
            expect: guard.expect,
            values,
            everyMs: guard.everyMs,
            wanted,
            seconds: WATCH_SECONDS,
          },
        ]),
      );
      if (!watched.ok) return abort(breachOf(guard, watched.refusal.message));
      if (!watched.value.seen) continue;
      if (wanted === 'breach' && guard.onBreach === 'abort') return abort(breachOf(guard, watched.value.saw));
      await page(
        run,
        guard,
        wanted === 'breach' ? `does not hold: ${watched.value.saw}` : `holds again: ${watched.value.saw}`,
      );
      wanted = wanted === 'breach' ? 'recovery' : 'breach';
    }
  } catch (error) {
    if (!isCalledBack(error)) throw error;
  }
}

const breachOf = (guard: Guard, saw: string): Refusal => ({
  code: 'policy.guard-breach',
  message: `guard ${guard.id} (${guard.expect}): ${saw}`.slice(0, 800),
});

/** Over every channel that the plan names; with none there is the page of the run. */
async function page(run: Run, guard: Guard, what: string): Promise<void> {
  const { channels } = needsOf(run.plan);
  if (channels.length === 0) return;
  await verdictOf(
    effects.notifyPeople.executeWithOptions(
      { ...named(`Page about guard ${guard.id}`, 60), scheduleToCloseTimeout: '2 minutes' },
      [
        {
          channels,
          message: `${guard.summary}: ${what}`.slice(0, 2_000),
          key: `${run.name}/${guard.id}/${Date.now()}`,
          seconds: 60,
          severity: run.input.incident.severity,
        },
      ],
    ),
  ).catch((error: unknown) => {
    if (isCancellation(error)) throw error;
  });
}
