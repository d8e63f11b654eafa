import { effects, named } from '../lib/effects.ts';
import type { RunPlaybookResult } from '../run-playbook/messages.ts';
import type { IncidentState } from './state.ts';

/** A run says that it ends a moment before it has ended. */
const ENDING_SECONDS = 20;
const LOOK_MS = 40_000;

export type Joined = {
  readonly isJoined: () => boolean;
  /** From now on nobody awaits the run: what becomes of it is looked up. */
  readonly join: () => void;
  /** Asks the engine, and takes what it says into the state. One look at a time; whoever asks meanwhile is told by the next. */
  readonly look: () => Promise<void>;
  /** The run says that it has ended. */
  readonly hasEnded: () => void;
};

/**
 * The run of an incident that has not started it in this execution: it was carried on, or opened again, or came second. The engine alone
 * says how such a run ended, and whether it is still there. A word of the run itself is a reason to look and no more.
 */
export function joinedRun(
  run: string,
  state: IncidentState,
  room: () => Promise<void>,
  ended: (message: string) => void,
): Joined {
  let joined = false;
  let wanted: number | undefined;
  let going: Promise<void> | undefined;

  async function looking(): Promise<void> {
    while (wanted !== undefined && state.result === undefined) {
      const seconds = wanted;
      wanted = undefined;
      await room();
      const seen = await effects.lookAtRun
        .executeWithOptions(
          {
            ...named('Look whether the run of the playbook goes on', seconds + 10),
            scheduleToCloseTimeout: LOOK_MS,
          },
          [{ run, seconds }],
        )
        .catch(() => undefined);
      if (seen === undefined || seen.state === 'going') continue;
      const result = seen.state === 'ended' ? resultFrom(seen.result) : undefined;
      if (result === undefined) ended(seen.state === 'gone' ? seen.how : 'with a result of another shape');
      else state.result ??= result;
    }
    wanted = undefined;
    going = undefined;
  }

  const ask = (seconds: number): Promise<void> => {
    wanted = Math.max(wanted ?? 0, seconds);
    return (going ??= looking());
  };
  return {
    isJoined: () => joined,
    join: () => {
      joined = true;
      void ask(0);
    },
    look: () => ask(0),
    hasEnded: () => {
      if (joined) void ask(ENDING_SECONDS);
    },
  };
}

/** The result of a run, read from the engine's database. */
function resultFrom(kept: unknown): RunPlaybookResult | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { outcome, end, refusal } = kept as Readonly<Record<string, unknown>>;
  if (outcome === 'done' && typeof end === 'string') return kept as RunPlaybookResult;
  const { code, message } = (refusal ?? {}) as Readonly<Record<string, unknown>>;
  return outcome === 'failed' && typeof code === 'string' && typeof message === 'string'
    ? (kept as RunPlaybookResult)
    : undefined;
}
