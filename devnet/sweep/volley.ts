import { setTimeout as wait } from 'node:timers/promises';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { mineWhile, type Outcome, type Run, type Runs } from './runs.ts';
import { type SmallNetwork, VALIDATORS } from './small-network.ts';
import { followHistory, followJournals, type Step, stepsOf } from './steps.ts';

export const VICTIMS = ['worker-1', 'temporal', ...VALIDATORS.map(validatorName), 'bitcoin-1', 'bitcoin-2'] as const;

/** One SIGKILL: to whom, and the step after which. */
export type Shot = {
  readonly label: string;
  readonly victim: string;
  /** How many runs have to have come to it; 1 when absent. */
  readonly runs?: number;
  /** Which wave of the volley it is for; the second of a pair is for the wave of the first. */
  readonly wave?: number;
};

/** When the runs of a volley begin: in waves, each run somewhere within its own. Runs that begin together would stand at the same step. */
export type Pace = { readonly delaysMs: readonly number[]; readonly waveMs: number; readonly spreadMs: number };
const AT_ONCE: Pace = { delaysMs: [], waveMs: 0, spreadMs: 0 };

/** Where a run stood when a process was killed. */
export type Hit = {
  /** The last step that was written down before. */
  readonly label: string;
  readonly victim: string;
  /** The victim wrote that step itself. */
  readonly own: boolean;
};

/** What became of one run. */
export type Ended = {
  readonly workflow: string;
  readonly hits: readonly Hit[];
  readonly steps: readonly Step[];
  /** What it came to, or why it came to nothing. */
  readonly outcome: Outcome | { readonly error: string };
};

/** So long after the first run that has come to the step, a kill comes at the latest; and so long after the first kill the second. */
const LATEST_MIN_MS = 1_500;

/**
 * Begins the runs and, in each wave, kills a process as soon as one of them has written the step down; with a second shot for it, another one after
 * that. Who else is under way at that moment is hit as well, at a step of its own. The supervisor starts again what was killed, and every
 * run has to come to its end; nobody waits for that before the next wave begins.
 */
export async function fire(
  net: SmallNetwork,
  runs: Runs,
  prepared: readonly Run[],
  shots: readonly Shot[],
  { delaysMs, waveMs, spreadMs }: Pace = AT_ONCE,
): Promise<readonly Ended[]> {
  const over = new AbortController();
  const kills: { readonly victim: string; readonly atMs: number }[] = [];
  const latestMs = Math.max(LATEST_MIN_MS, spreadMs / 2);
  const beganAtMs = Date.now();
  const timers: ReturnType<typeof setTimeout>[] = [];
  let next = 0;
  let counted = 0;
  const isArmed = (): boolean => Date.now() - beganAtMs >= (shots[next]?.wave ?? 0) * waveMs;
  const shootAt = (number: number): void => {
    const shot = shots[number];
    if (shot === undefined || next !== number || over.signal.aborted) return;
    next += 1;
    counted = 0;
    const killed = net.supervisor.service(shot.victim)?.signal('SIGKILL') === true;
    if (killed) kills.push({ victim: shot.victim, atMs: Date.now() });
    const then = shots[next];
    if (then !== undefined && then.wave === shot.wave) timers.push(setTimeout(shootAt, latestMs, next));
  };
  const onLabel = (label: string): void => {
    const shot = shots[next];
    if (shot?.label !== label || !isArmed()) return;
    counted += 1;
    if (counted === 1) timers.push(setTimeout(shootAt, latestMs, next));
    if (counted >= (shot.runs ?? 1)) shootAt(next);
  };
  const rows = followJournals(net.layout, VALIDATORS, over.signal, ({ step }, count) => onLabel(`${step} ${count}`));
  // What is named may not come up this time: the kill falls somewhere else then, and is told as what it is.
  for (const [at, { wave = 0 }] of shots.entries())
    if (at === 0 || wave !== shots[at - 1]?.wave)
      timers.push(setTimeout(() => shootAt(at), wave * waveMs + spreadMs + latestMs));
  const trails = prepared.map(({ workflowId }, at) =>
    followHistory(net.client, workflowId, over.signal, ({ label }) => onLabel(label), delaysMs[at]),
  );
  const mining = mineWhile(
    () => prepared.some((run, at) => run.wantsBlock(trails[at]?.phase)),
    () => runs.mine(),
    over.signal,
  );
  try {
    const outcomes = await Promise.all(
      prepared.map((run, at) =>
        wait(delaysMs[at] ?? 0)
          .then(() => run.carry())
          .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) })),
      ),
    );
    await wait(50);
    return prepared.map(({ workflow }, at): Ended => {
      const trail = trails[at];
      const outcome = outcomes[at] ?? { error: 'nothing' };
      if (trail === undefined) return { workflow, hits: [], steps: [], outcome };
      const steps = stepsOf(trail, rows);
      const hits = kills.flatMap(({ victim, atMs }) => {
        const last = steps.findLast((step) => step.atMs <= atMs);
        const isOver = trail.closedAtMs !== undefined && trail.closedAtMs <= atMs;
        if (last === undefined || isOver) return [];
        return [{ label: last.label, victim, own: last.by !== undefined && nameOf(last.by) === victim }];
      });
      return { workflow, hits, steps, outcome };
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    over.abort();
    await mining;
  }
}

const nameOf = (id: ValidatorId): string => validatorName(id);
