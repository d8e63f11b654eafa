import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Authority } from '../../domain/committee/committee.ts';
import type { Refusal, Verdict } from '../../domain/errors/failure.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import type { Values } from '../../domain/playbook/resolve.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { lengthOf } from '../lib/room.ts';
import { trackProgress } from '../lib/track.ts';
import { HISTORY_EVENTS_MAX } from '../settings.ts';
import { hearing } from './hearing.ts';
import { watchGuards } from './guards.ts';
import { takeMessages } from './handling.ts';
import {
  type RunPlaybookInput,
  type RunPlaybookPhase,
  type RunPlaybookResult,
  type RunView,
  runViewQuery,
} from './messages.ts';
import { pageOf } from './page.ts';
import { resumeFrom } from './resume.ts';
import { recordEnd, recordOpening } from './recording.ts';
import type { Run } from './run.ts';
import { freshState, OUTERMOST, type RunState } from './state.ts';
import { runSteps, type Went } from './steps.ts';
import { undoSome } from './undo.ts';

/** From here on a run continues as new when nothing is in flight; a little later it waits for that. */
const HISTORY_SOFT = 1_000;
const HISTORY_HARD = HISTORY_EVENTS_MAX - 150;
/** A halted run that nobody touches for so long is closed as it stands. */
const HALTED_MS_MAX = 30 * 86_400_000;

/** A plan is fetched and judged within seconds. */
const OPENING_MS = 60_000;
const PLAN_MISSING =
  'the run cannot begin, its plan is not had or not judged: see what the log of the workers says of openRun, and whether they reach the blob store';

/** What a run hands to the execution that carries it on. */
export type Carried = {
  readonly plan: Plan;
  readonly inputs: Values;
  readonly authority: Omit<Authority, 'former'> & { readonly former: readonly string[] };
  readonly state: RunState;
};

/** Executes one compiled plan. The plan is fetched once, by its digest; nothing that happens to its file reaches the run. */
export async function runPlaybook(input: RunPlaybookInput, carried?: Carried): Promise<RunPlaybookResult> {
  const track = trackProgress<RunPlaybookPhase>({
    phase: carried === undefined ? 'opening' : 'running',
    percent: 0,
    awaitingRole: 'nobody',
    next: 'nobody; the plan is checked',
    meanwhile: 'nothing has been done',
  });
  setHandler(runViewQuery, () => openingView(input));
  const length = lengthOf(HISTORY_SOFT, HISTORY_HARD);
  const incident = hearing(input);
  const opened =
    carried === undefined
      ? await saidWhenLate(
          () => open(input),
          () => {
            track.change({ awaitingRole: 'operations', next: `operations: ${PLAN_MISSING}` });
            incident.late(PLAN_MISSING);
          },
        )
      : ({ ok: true, value: carried } as const);
  if (!opened.ok) {
    track.change({
      phase: 'failed',
      percent: 100,
      next: `an operator must look: ${opened.refusal.message}`.slice(0, 400),
    });
    const result = { outcome: 'failed', refusal: opened.refusal, undone: [], left: [] } as const;
    await incident.ended(result);
    return result;
  }
  const { plan, inputs, authority, state } = opened.value;
  let phase: RunPlaybookPhase | undefined;
  const run: Run = {
    input,
    plan,
    inputs,
    name: nameOfRun(),
    state,
    authority: { ...authority, former: new Set(authority.former) },
    inFlight: 0,
    isLong: length.isLong,
    room: () => condition(() => !length.isFull()),
    inIncident: incident.hears && input.within === undefined,
    show: () => {
      track.change(pageOf(run, phase));
      incident.moved(run, track.now());
    },
  };
  const enter = (next: RunPlaybookPhase | undefined): void => {
    phase = next;
    run.show();
  };
  enter(undefined);
  if (carried === undefined) recordOpening(run);
  const going = body(run, input, opened.value);
  // Only now: what came with the end of the opening is judged against what the first step asks, and not against nothing.
  takeMessages(run, () => phase ?? track.now().phase);
  let went = await going;
  for (;;) {
    if (went.ok) {
      enter('done');
      const done = {
        outcome: 'done',
        end: went.value.ended ?? 'completed',
        undoable: state.undo.map(({ key: _key, ...entry }) => entry),
      } as const;
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
      await recordEnd(run, 'done', done.end);
      await CancellationScope.nonCancellable(() => incident.ended(done, run));
      return done;
    }
    const { refusal } = went;
    const result = await CancellationScope.nonCancellable(() => afterwards(run, refusal, enter));
    if (result !== 'resume') {
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
      await recordEnd(run, 'failed', refusal.code);
      await CancellationScope.nonCancellable(() => incident.ended(result, run));
      return result;
    }
    resumeFrom(plan, state, state.resumeAt ?? 0);
    enter(undefined);
    // A click on `cancel` that brought it here must not stop what a member resumed.
    went = await CancellationScope.nonCancellable(() => body(run, input, opened.value));
  }
}

/** What is asked for again and again, by workers that cannot have it, is somebody's business after a minute. */
async function saidWhenLate<T>(work: () => Promise<T>, say: () => void): Promise<T> {
  if (!patched('says-when-opening-is-late')) return work();
  const timer = new CancellationScope();
  void timer
    .run(() => sleep(OPENING_MS, { summary: 'Until somebody is told that the plan is not there' }))
    .then(say, () => undefined);
  try {
    return await work();
  } finally {
    timer.cancel();
  }
}

/** Before anything is known but what was asked for. */
const openingView = ({ name, playbook }: RunPlaybookInput): RunView => ({
  name,
  playbook,
  run: nameOfRun(),
  phase: 'opening',
  now: [],
  finished: [],
  approvals: [],
  tasks: [],
  orders: [],
  undoable: [],
});

/** The first execution of this workflow id: another start of the same id is another run to whoever votes. */
function nameOfRun(): string {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return `${workflowId}/${firstExecutionRunId}`;
}

async function open(input: RunPlaybookInput): Promise<Verdict<Carried>> {
  const { network, playbook, plan, library, inputs, endorsement, epochs, name, within } = input;
  const opened = await verdictOf(
    effects.openRun.executeWithOptions(named('Fetch the plan by its digest and check that it can run here'), [
      {
        network,
        name,
        playbook,
        plan,
        library,
        inputs,
        epochs: epochs ?? [],
        within: within !== undefined,
        ...(endorsement === undefined ? {} : { endorsement }),
      },
    ]),
  );
  if (!opened.ok) return opened;
  const { plan: pinned, inputs: settled, authority, epochs: followed = input.epochs ?? [] } = opened.value;
  const initial = Object.entries(pinned.variables).flatMap(([key, { initial: value }]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  const state = freshState(Object.fromEntries(initial), input.orders ?? [], followed);
  return { ok: true, value: { plan: pinned, inputs: settled, authority, state } };
}

/** The steps, with guards beside them, until they end, somebody stops them, or the history asks for another execution. */
async function body(run: Run, input: RunPlaybookInput, pinned: Carried): Promise<Verdict<Went>> {
  const steps = new CancellationScope();
  let aborted: Refusal | undefined;
  let settled: Verdict<Went> | undefined;
  let thrown: { readonly error: unknown } | undefined;
  const watched = () => {
    const scope = new CancellationScope();
    const ended = scope.run(() =>
      watchGuards(run, (refusal) => {
        aborted ??= refusal;
        steps.cancel();
      }),
    );
    return { scope, ended };
  };
  let guards = watched();
  const going = steps
    .run(() => runSteps(run, run.plan.steps, OUTERMOST))
    .then(
      (verdict) => void (settled = verdict),
      (error: unknown) => void (thrown = { error }),
    );
  const full = (): boolean => run.inFlight === 0 && run.isLong();
  const over = (): boolean => settled !== undefined || thrown !== undefined;
  const goesOn = (): boolean => !over() && run.state.told === undefined;
  const unguarded = async (): Promise<unknown> => {
    guards.scope.cancel();
    return guards.ended;
  };
  let cancelled = false;
  for (;;) {
    try {
      await condition(() => !goesOn() || full());
    } catch (error) {
      if (!isCancellation(error)) throw error;
      cancelled = true;
    }
    if (cancelled || !goesOn()) break;
    const isFull = full();
    if (isFull) await CancellationScope.nonCancellable(unguarded);
    if (full() && !over())
      return CancellationScope.nonCancellable(() => continueAsNew<typeof runPlaybook>(input, carry(run, pinned)));
    // It has asked for something meanwhile, and goes on until the next such moment. Earlier builds stopped the run here.
    if (!goesOn() || !patched('goes-on-when-not-continued')) break;
    if (isFull) guards = watched();
  }
  return CancellationScope.nonCancellable(async () => {
    // A click on `cancel` stops, and takes nothing back; a surrounding run that gives a branch up wants it taken back.
    if (cancelled && input.within === undefined) run.state.told ??= 'stop';
    if (!over()) steps.cancel();
    await going;
    await unguarded();
    if (settled !== undefined && aborted === undefined) return settled;
    if (thrown !== undefined && !isCancellation(thrown.error)) throw thrown.error;
    const why = cancelled ? 'its execution was cancelled' : (run.state.toldWords ?? 'somebody stopped it');
    return { ok: false, refusal: aborted ?? { code: 'policy.run-stopped', message: `the run did not end: ${why}` } };
  });
}

const carry = ({ authority, state }: Run, { plan, inputs }: Carried): Carried => ({
  plan,
  inputs,
  authority: { ...authority, former: [...authority.former] },
  state,
});

/** Read anew: people may have spoken while something was waited for. */
const told = (state: RunState): RunState['told'] => state.told;

/** What becomes of what was done: taken back if the plan or a person says so, otherwise left until a person decides. */
async function afterwards(
  run: Run,
  refusal: Refusal,
  enter: (phase: RunPlaybookPhase) => void,
): Promise<RunPlaybookResult | 'resume'> {
  const { state, plan, input } = run;
  state.refusal = refusal;
  let undo = state.told === 'undo' || (state.told === undefined && plan.onFailure === 'undo');
  const untilMs = Date.now() + HALTED_MS_MAX;
  for (;;) {
    if (undo) {
      enter('undoing');
      await undoSome(run, () => true);
    }
    // Of an incident, also where nothing stands: somebody may let it go on.
    const resumable = run.inIncident && state.undone.length === 0 && told(state) !== 'undo';
    // Inside of another run nobody is waited for: that run knows what still stands and decides.
    if (input.within !== undefined || (state.undo.length === 0 && !resumable) || (undo && told(state) === 'close'))
      break;
    delete state.told;
    enter('halted');
    await condition(() => state.told !== undefined && state.told !== 'stop', Math.max(1, untilMs - Date.now()), {
      summary: 'Until somebody undoes what was done, resumes it, or closes the run as it stands',
    });
    if (told(state) === 'resume') return 'resume';
    if (told(state) !== 'undo') break;
    undo = true;
  }
  enter('failed');
  return { outcome: 'failed', refusal, undone: state.undone, left: state.undo.map(({ key: _key, ...entry }) => entry) };
}
