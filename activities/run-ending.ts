import { getClient } from '@temporalio/activity';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { pause } from './waiting.ts';

/** `ended`: with the result of the run, as the engine keeps it. `gone`: closed without one, or not there at all. */
export type RunEnding =
  | { readonly state: 'going' }
  | { readonly state: 'ended'; readonly result: unknown }
  | { readonly state: 'gone'; readonly how: string };

const ASK_MS = 5_000;
const EVERY_MS = 300;

export const createRunEndingActivities = (deps: ActivityDependencies) => ({
  /**
   * What the engine itself says of a workflow: whether it goes on, and how it ended. Asks again for `seconds` while it goes on, for whoever
   * heard that it is about to end. Throws `unavailable.engine`.
   */
  lookAtRun: ({ run, seconds }: { readonly run: string; readonly seconds: number }): Promise<RunEnding> =>
    attempt(deps, 'lookAtRun', async (now) => {
      const untilMs = deps.clock() + seconds * 1_000;
      for (;;) {
        const seen = await look(run, now.signal);
        if (seen.state !== 'going' || deps.clock() + EVERY_MS >= untilMs) return seen;
        await pause(EVERY_MS, now.signal);
        now.signal.throwIfAborted();
      }
    }),
});

async function look(run: string, signal: AbortSignal): Promise<RunEnding> {
  const engine = getClient();
  const ask = async (): Promise<RunEnding> => {
    const { status, runId } = await engine.workflow.getHandle(run).describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED' || status.name === 'CONTINUED_AS_NEW')
      return { state: 'going' };
    if (status.name !== 'COMPLETED') return { state: 'gone', how: status.name.toLowerCase() };
    const result: unknown = await engine.workflow.getHandle(run, runId, { followRuns: false }).result();
    return { state: 'ended', result };
  };
  try {
    return await engine.withDeadline(Date.now() + ASK_MS, () => engine.withAbortSignal(signal, ask));
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return { state: 'gone', how: 'not there' };
    const reason = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure('unavailable.engine', `what became of ${run}: ${reason}`, {}, { cause: error });
  }
}
