import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  executeChild,
  getExternalWorkflowHandle,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { inertText } from '../../domain/alert/text.ts';
import { pageLines } from '../../domain/incident/page.ts';
import { linesOf, type Standing } from '../../domain/incident/standing.ts';
import { answerAlertsId, responseEndedSignal } from '../answer-alerts/messages.ts';
import type { AwaitingRole } from '../lib/progress.ts';
import { lengthOf } from '../lib/room.ts';
import { trackProgress } from '../lib/track.ts';
import { keepTrail, type TrailState } from '../lib/trail.ts';
import {
  RUN_PLAYBOOK,
  type RunPlaybookInput,
  type RunPlaybookResult,
  startRunPlaybook,
} from '../run-playbook/messages.ts';
import { HISTORY_EVENTS_MAX, searchAttributes } from '../settings.ts';
import { followingOf } from './following.ts';
import { ALERTS_SHARE_INCIDENTS, takeMessages } from './handling.ts';
import { joinedRun } from './joined.ts';
import {
  type IncidentInput,
  incidentQuery,
  type IncidentOutcome,
  type IncidentResult,
  type IncidentView,
  runOfIncident,
} from './messages.ts';
import { freshState, happened, hearDone, hearRun, type IncidentState, standingOfState, tellLater } from './state.ts';
import { nextDueMs, tell, tellWhatIsDue } from './telling.ts';

const HISTORY_SOFT = 1_000;
const HISTORY_HARD = HISTORY_EVENTS_MAX - 150;
/** An incident whose run has failed, and that nobody touches for so long, is closed as it stands. */
const FAILED_MS_MAX = 30 * 86_400_000;

/** What an incident hands to the execution that carries it on. */
type Carried = { readonly state: IncidentState; readonly trail: TrailState };

/**
 * Holds one incident: who has which role, how bad it is, what happened, which alerts belong to it, who was told, and the run of its
 * playbook. A click on `cancel` reaches neither the run nor the incident: they are stopped by those who may stop them.
 */
export async function incident(input: IncidentInput, carried?: Carried): Promise<IncidentResult> {
  return CancellationScope.nonCancellable(() => hold(input, carried));
}

async function hold(input: IncidentInput, carried: Carried | undefined): Promise<IncidentResult> {
  const { workflowId: id, firstExecutionRunId, startTime } = workflowInfo();
  const execution = `${id}/${firstExecutionRunId}`;
  const run = runOfIncident(input.network, input.key);
  const state = carried?.state ?? freshState(input, startTime.getTime());
  const length = lengthOf(HISTORY_SOFT, HISTORY_HARD);
  const room = (): Promise<void> => condition(() => !length.isFull());
  const trail = keepTrail(input.network, room, carried?.trail, (entry) => hearDone(state, entry));
  const standing = (): Standing => standingOfState(state, input, id);
  const show = shown(input, standing);
  setHandler(
    incidentQuery,
    (): IncidentView => ({
      standing: standing(),
      execution,
      run,
      alerts: state.alerts.map(({ name, source, status }) => ({ name, source, status })),
      timeline: state.timeline.events,
      leftOut: state.timeline.leftOut,
    }),
    { description: 'What happened, what runs now, who must act next, and the timeline.' },
  );
  const joined = joinedRun(run, state, room, (how) => lost(state, input, run, `the engine says that it is ${how}`));
  const following = followingOf(input, state, trail.record);
  const { record, isClosed } = trail;
  takeMessages({ id, execution, state, record, isClosed, show, following, run: { id: run, ...joined } });
  if (carried === undefined) opened(input, state, trail.record);
  show();
  void following.begin();
  if (carried !== undefined || input.reopened !== undefined) joined.join();
  else void answer(input, state, joined.join).then(show);

  const teller = { input, id, state, standing, record: trail.record, room };
  const full = length.isLong;
  for (;;) {
    const { phase } = state;
    judgePhase(state);
    if (phase === 'responding' && state.phase !== phase) void letAlertsGo(input, id);
    if (state.phase === 'failed') state.failedAtMs ??= Date.now();
    show();
    if (full() && state.phase !== 'over') {
      // What waits to be told or recorded is handed on; only what is under way is waited for.
      await condition(() => !trail.isBusy() && allHandlersFinished());
      await continueAsNew<typeof incident>(input, { state, trail: trail.state() });
    }
    const [pending, ...rest] = state.pending;
    if (pending !== undefined) {
      state.pending = rest;
      await tell(teller, pending);
      show();
      continue;
    }
    if (state.phase === 'over') {
      if (allHandlersFinished() || !patched('closes-after-handlers')) break;
      // A command that is being obeyed is part of the evidence.
      await condition(allHandlersFinished);
      continue;
    }
    const givenUpMs = (state.failedAtMs ?? Date.now()) + FAILED_MS_MAX;
    const dueMs = Math.min(nextDueMs(state) ?? givenUpMs, givenUpMs);
    const was = state.timeline;
    const moved = await condition(
      () =>
        state.pending.length > 0 ||
        full() ||
        state.timeline !== was ||
        (state.result !== undefined && state.phase === 'responding'),
      Math.max(1, dueMs - Date.now()),
      { summary: 'Until somebody says something, or the next word is due' },
    );
    if (moved) continue;
    tellWhatIsDue(state);
    // Nobody awaits a joined run: it may have been terminated without a word.
    if (joined.isJoined() && state.phase === 'responding') void joined.look();
    if (state.failedAtMs !== undefined && Date.now() >= givenUpMs) state.closedBy = 'nobody for thirty days';
  }
  const outcome: IncidentOutcome =
    state.result?.outcome === 'done' ? 'done' : state.closedBy === undefined ? 'failed' : 'closed';
  trail.record({ kind: 'incident.closed', facts: { outcome }, atMs: Date.now(), by: state.closedBy ?? 'platform' });
  const evidence = await trail.seal();
  show();
  await condition(allHandlersFinished);
  return {
    outcome,
    run,
    standing: standing(),
    evidence,
    ...(state.result === undefined ? {} : { result: state.result }),
  };
}

function opened(input: IncidentInput, state: IncidentState, record: ReturnType<typeof keepTrail>['record']): void {
  const { title, severity, playbook, alert, reopened } = input;
  const by = alert?.source ?? 'platform';
  happened(state, 'opened', by, `opened as ${severity}, runs ${playbook.name}`);
  record({ kind: 'incident.opened', facts: { title, severity }, atMs: Date.now(), by });
  if (alert !== undefined)
    record({
      kind: 'alert.joined',
      facts: {
        alert: alert.name,
        source: alert.source,
        summary: inertText(playbook.alert?.summary ?? '', 500),
        startedAtMs: alert.startedAtMs,
      },
      atMs: Date.now(),
      by: alert.source,
    });
  if (reopened !== undefined) happened(state, 'opened', 'watchdog', `opened again: ${reopened}`);
  tellLater(state, 'opened', reopened === undefined ? 'an incident is open' : `opened again: ${reopened}`);
}

/** Whether the response is still on its way, over, or in the hands of people. */
function judgePhase(state: IncidentState): void {
  if (state.phase === 'over') return;
  if (state.result?.outcome === 'done' || state.closedBy !== undefined) {
    state.phase = 'over';
    if (state.result?.outcome === 'done')
      happened(state, 'closed', 'platform', `its playbook ended: ${state.result.end}`);
    tellLater(state, 'closed', 'the incident is over');
  } else if (state.result !== undefined && state.phase === 'responding') {
    state.phase = 'failed';
    const { code, message } = state.result.refusal;
    tellLater(state, 'halted', `its playbook ended without success (${code}): ${message}`.slice(0, 400));
  }
}

/** The run has ended: an alert that fires from now on is not answered by joining. */
async function letAlertsGo({ network, playbook, alert }: IncidentInput, id: string): Promise<void> {
  // Incidents from before were opened by the record of their alert, which asks nobody.
  if (alert === undefined || !patched(ALERTS_SHARE_INCIDENTS)) return;
  await getExternalWorkflowHandle(answerAlertsId(network, { playbook: playbook.name, inputs: playbook.inputs }))
    .signal(responseEndedSignal, { incident: id })
    .catch(() => undefined);
}

/** Runs the playbook. A run that there is already is joined: it tells by itself how it goes. */
async function answer(input: IncidentInput, state: IncidentState, join: () => void): Promise<void> {
  const { network, key, severity, playbook } = input;
  const { workflowId: incidentOfRun, taskQueue } = workflowInfo();
  const child: RunPlaybookInput = { ...playbook, network, incident: { id: incidentOfRun, severity, network } };
  const { workflowId, args, staticSummary, staticDetails, workflowTaskTimeout, typedSearchAttributes } =
    startRunPlaybook(child, key, taskQueue);
  try {
    state.result = await executeChild<(given: RunPlaybookInput) => Promise<RunPlaybookResult>>(RUN_PLAYBOOK, {
      workflowId,
      args,
      staticSummary,
      staticDetails,
      workflowTaskTimeout,
      typedSearchAttributes,
      parentClosePolicy: 'ABANDON',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
  } catch (error) {
    if (!(error instanceof ChildWorkflowFailure) && !(error instanceof WorkflowExecutionAlreadyStartedError))
      throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) return join();
    lost(state, input, workflowId, error.cause?.message ?? error.message);
  }
}

/** The run has ended and left no result: what it said last is not true any more. */
function lost(state: IncidentState, { playbook }: IncidentInput, run: string, why: string): void {
  const message = `its run ended without a word: ${why}`.slice(0, 400).toWellFormed();
  const { frozenUntilMs } = state.runs[run] ?? {};
  hearRun(state, {
    run,
    playbook: playbook.name,
    phase: 'failed',
    running: [],
    awaited: [],
    refusal: message,
    ...(frozenUntilMs === undefined ? {} : { frozenUntilMs }),
  });
  state.result ??= { outcome: 'failed', refusal: { code: 'unknown-outcome.process', message }, undone: [], left: [] };
}

/** Keeps what can be read without a worker (memo, search attributes) and what needs one (details, queries) equal. */
function shown(input: IncidentInput, standing: () => Standing): () => void {
  const first = standing();
  const track = trackProgress({ phase: first.phase, percent: 0, ...pageOf(first) });
  let written = '';
  let severity = input.severity;
  return () => {
    const now = standing();
    track.change({ phase: now.phase, percent: now.phase === 'over' ? 100 : 0, ...pageOf(now) });
    setCurrentDetails(asPage(pageLines(linesOf(now, Date.now()))));
    const text = JSON.stringify(now);
    if (text === written) return;
    written = text;
    upsertMemo({ incident: now });
    if (severity === now.severity) return;
    severity = now.severity;
    upsertSearchAttributes([{ key: searchAttributes.severity, value: severity }]);
  };
}

function pageOf({ next, running, phase }: Standing): {
  readonly awaitingRole: AwaitingRole;
  readonly next: string;
  readonly meanwhile: string;
} {
  const [first] = next;
  return {
    awaitingRole: (first?.role ?? 'nobody') as AwaitingRole,
    next:
      first === undefined
        ? phase === 'over'
          ? 'nobody; the incident is over'
          : 'nobody; its run goes on by itself'
        : `${first.role}: ${first.what}`,
    meanwhile: running.length === 0 ? 'nothing runs' : `running: ${running.map(({ step }) => step).join(', ')}`,
  };
}

/** As written: text of alerts and people stands in here, and is no markup. */
const asPage = (lines: readonly string[]): string => `\`\`\`\n${lines.join('\n').replaceAll('`', "'")}\n\`\`\``;
