import { CancellationScope, getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { inertText } from '../../domain/alert/text.ts';
import type { RunStanding } from '../../domain/incident/standing.ts';
import { type RunMoved, runMovedSignal } from '../incident/messages.ts';
import type { Progress } from '../lib/progress.ts';
import type { RunPlaybookInput, RunPlaybookPhase, RunPlaybookResult } from './messages.ts';
import { frozenUntil } from './freeze.ts';
import { awaitedOf } from './page.ts';
import type { Run } from './run.ts';

const RUNNING_MAX = 6;
const AWAITED_MAX = 6;
/** Within which somebody should look at a run that cannot begin. */
const LATE_MS = 15 * 60_000;

/** The incident around a run, which hears each time that the run moves on, and how it ended. Runs outside of an incident tell nobody. */
export function hearing(input: RunPlaybookInput): {
  readonly hears: boolean;
  readonly moved: (run: Run, page: Progress<RunPlaybookPhase>) => void;
  /** It has not begun yet, and somebody has to see why. */
  readonly late: (what: string) => void;
  readonly ended: (result: RunPlaybookResult, run?: Run) => Promise<void>;
} {
  const { workflowId, root } = workflowInfo();
  // A run by itself is its own root. Where an alert opened the incident, the root is the record of the alert and not the incident.
  const hears = root !== undefined;
  let said = '';
  let waiting: RunMoved | undefined;
  let saying: Promise<void> | undefined;
  /** One at a time, and of what happened meanwhile only the newest. */
  const sayAll = async (): Promise<void> => {
    while (waiting !== undefined) {
      const moved = waiting;
      waiting = undefined;
      // An incident that is over hears nothing any more, and the run does not need it to.
      await getExternalWorkflowHandle(input.incident.id)
        .signal(runMovedSignal, moved)
        .catch(() => undefined);
    }
    saying = undefined;
  };
  const say = (moved: RunMoved): Promise<void> => {
    waiting = moved;
    // A click on `cancel` must not keep the incident from hearing of it.
    saying ??= CancellationScope.nonCancellable(sayAll);
    return saying;
  };
  return {
    hears,
    moved: (run, { phase }) => {
      if (!hears) return;
      const standing = standingOf(run, workflowId, phase);
      const text = JSON.stringify(standing);
      if (text === said) return;
      said = text;
      void say({ standing });
    },
    late: (what) => {
      if (!hears) return;
      const awaited = [{ step: 'opening', role: 'operations', what, untilMs: Date.now() + LATE_MS }];
      void say({ standing: { run: workflowId, playbook: input.name, phase: 'opening', running: [], awaited } });
    },
    ended: async (result, run) => {
      if (!hears || input.within !== undefined) return;
      // A freeze outlives the run that put it.
      const frozenUntilMs = run === undefined ? undefined : frozenUntil(run.state);
      const standing: RunStanding = {
        run: workflowId,
        playbook: input.name,
        phase: result.outcome,
        running: [],
        awaited: [],
        ...(result.outcome === 'done' ? {} : { refusal: sayRefusal(result.refusal) }),
        ...(frozenUntilMs === undefined ? {} : { frozenUntilMs }),
      };
      await say({ standing, result });
    },
  };
}

const sayRefusal = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  inertText(`${code}: ${message}`, 300);

function standingOf(run: Run, workflowId: string, phase: RunPlaybookPhase): RunStanding {
  const { state, plan, input } = run;
  const over = phase === 'done' || phase === 'failed' || phase === 'halted';
  const frozenUntilMs = frozenUntil(state);
  return {
    run: workflowId,
    playbook: input.name,
    phase,
    // Of the outermost steps alone: the body of a loop would say something a hundred times.
    running: over
      ? []
      : plan.steps
          .flatMap(({ id }) => {
            const mark = state.marks[id];
            return mark === undefined || mark.done !== undefined ? [] : [{ step: id, sinceMs: mark.atMs }];
          })
          .slice(0, RUNNING_MAX),
    awaited: over ? [] : awaitedOf(run).slice(0, AWAITED_MAX),
    ...(state.isAnswered === true ? { isAnswered: true } : {}),
    ...(state.refusal === undefined ? {} : { refusal: sayRefusal(state.refusal) }),
    ...(frozenUntilMs === undefined ? {} : { frozenUntilMs }),
  };
}
