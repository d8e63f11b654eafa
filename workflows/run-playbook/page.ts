import { patched } from '@temporalio/workflow';
import type { Awaited as AwaitedInIncident } from '../../domain/incident/standing.ts';
import type { AwaitingRole } from '../lib/progress.ts';
import type { Change } from '../lib/track.ts';
import type { OpenApproval, RunPlaybookPhase, RunView } from './messages.ts';
import { tallyOf } from './people.ts';
import { resumableFrom } from './resume.ts';
import type { Run } from './run.ts';
import { stepOfKey } from './state.ts';

const LINE_MAX = 900;

/** What people are asked for now, who they are, and until when. */
type Awaited = {
  readonly phase: RunPlaybookPhase;
  readonly role: AwaitingRole;
  readonly says: string;
  readonly untilMs: number;
};

const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function awaited(run: Run): readonly Awaited[] {
  const { tasks, wanted, asked = {} } = run.state;
  return [
    ...approvalsOf(run).map(({ request, have, need, silent, untilMs, question }) => ({
      phase: 'approval' as const,
      role: 'committee' as const,
      untilMs,
      says: `committee: "${oneLine(question)}" ${have} of ${need} seats have approved step ${request.subject.step}; silent: ${silent.join(', ')}`,
    })),
    ...Object.values(wanted).map(({ step, kind, above, untilMs }) => ({
      phase: 'order' as const,
      role: 'committee' as const,
      untilMs,
      says: `committee: sign a ${kind} with a number above ${above} and hand it to the run, for step ${step}`,
    })),
    ...Object.values(asked).map(({ step, kind, above, untilMs }) => ({
      phase: 'order' as const,
      role: 'committee' as const,
      untilMs,
      says: `committee: sign a ${kind} with a number above ${above} and send it to a validator; nothing waits for it (step ${step})`,
    })),
    ...Object.values(tasks).map(({ step, role, instruction, untilMs }) => ({
      phase: 'task' as const,
      role,
      untilMs,
      says: `${role}: ${oneLine(instruction)} (form of step ${step})`,
    })),
  ];
}

/** The same for the incident around the run, without what changes with every vote: each change is told. */
export function awaitedOf(run: Run): readonly AwaitedInIncident[] {
  const { tasks, wanted, rounds, marks, asked = {} } = run.state;
  const unwaited = Object.values(asked);
  return [
    ...Object.entries(rounds).map(([key, { subject, question, untilMs }]) => ({
      step: subject.step,
      role: 'committee',
      kind: 'vote' as const,
      what: `vote: ${oneLine(question)}`.slice(0, 200),
      untilMs,
      ...(marks[key]?.tries === undefined ? {} : { escalated: true }),
    })),
    ...Object.values(wanted).map(({ step, kind, above, untilMs }) => ({
      step,
      role: 'committee',
      kind: 'order' as const,
      what: `sign a ${kind} with a number above ${above} and hand it over`,
      untilMs,
    })),
    // Runs of older builds told their incident only of what a step waits for.
    ...(unwaited.length > 0 && patched('incidents-hear-of-every-order') ? unwaited : []).map(
      ({ step, kind, above, untilMs }) => ({
        step,
        role: 'committee',
        what: `sign a ${kind} with a number above ${above} and send it to a validator`,
        untilMs,
      }),
    ),
    ...Object.values(tasks).map(({ step, role, instruction, untilMs }) => ({
      step,
      role,
      kind: 'form' as const,
      what: `form: ${oneLine(instruction)}`.slice(0, 200),
      untilMs,
    })),
  ].sort((one, other) => one.untilMs - other.untilMs);
}

/** What the committee was asked for, behind what else a page says of a run that is over. */
const askedLine = ({ state }: Run): string =>
  Object.values(state.asked ?? {})
    .map(({ kind, above }) => `; the committee is asked for a ${kind} above ${above}`)
    .join('');

/** Text of alerts and answers may stand in questions: as one line, without what the page would read as markup. */
const oneLine = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replaceAll(/[`*_<>[\]|\\]/g, "'")
    .slice(0, 300);

export function pageOf(run: Run, phase: RunPlaybookPhase | undefined): Change<RunPlaybookPhase> {
  const { state, plan } = run;
  const ended = plan.steps.filter(({ id }) => state.marks[id]?.done !== undefined).length;
  // In tens: each change is an event, and a long plan would write one per step.
  const percent = 10 * Math.floor((10 * ended) / Math.max(1, plan.steps.length));
  if (phase === 'done')
    return {
      phase,
      percent: 100,
      awaitingRole: 'nobody',
      next: 'nobody; the run is over',
      meanwhile: `every step has ended${askedLine(run)}`,
      have: 0,
      need: 0,
    };
  const still = state.undo.map(({ step }) => step).join(', ');
  const failure = state.refusal === undefined ? '' : `${state.refusal.code}: ${oneLine(state.refusal.message)}`;
  if (phase === 'failed')
    return {
      phase,
      percent: 100,
      awaitingRole: 'nobody',
      next: `nobody; the run ended: ${failure}`.slice(0, LINE_MAX),
      meanwhile: `${still === '' ? 'no step is left to take back' : `still stands: ${still}`}${askedLine(run)}`,
      have: 0,
      need: 0,
    };
  if (phase === 'halted')
    return {
      phase,
      percent,
      awaitingRole: 'commander',
      next: `commander: ${run.inIncident ? 'resume it from a step, undo or close it' : 'undo or close the run'}. ${failure}`.slice(
        0,
        LINE_MAX,
      ),
      meanwhile: `nothing is done; still stands: ${still}`.slice(0, LINE_MAX),
      have: 0,
      need: 0,
    };
  const open = [...awaited(run)].sort((one, other) => one.untilMs - other.untilMs);
  const [first] = open;
  const running = nowOf(run).map(({ step, child }) => (child === undefined ? step : `${step} (see ${child})`));
  const meanwhile = phase === 'undoing' ? `taking back: ${still}` : `running: ${running.join(', ') || 'nothing'}`;
  const [approval] = approvalsOf(run);
  return {
    phase: phase ?? first?.phase ?? 'running',
    percent,
    awaitingRole: first?.role ?? 'nobody',
    next:
      first === undefined
        ? 'nobody; the run goes on by itself'
        : open
            .map(({ says, untilMs }) => `${says}, by ${utc(untilMs)}`)
            .join('\n\n')
            .slice(0, 2 * LINE_MAX),
    meanwhile: meanwhile.slice(0, LINE_MAX),
    have: approval?.have ?? 0,
    need: approval?.need ?? 0,
  };
}

function approvalsOf(run: Run): readonly OpenApproval[] {
  return Object.values(run.state.rounds).map((round) => {
    const { approved, rejected, abstained, pushedBack, need, silent } = tallyOf(run, round);
    const { subject, covers, question, untilMs } = round;
    const votes = [
      ...approved.map((name) => ({ name, choice: 'approve' as const })),
      ...rejected.map((name) => ({ name, choice: 'reject' as const })),
      ...abstained.map((name) => ({ name, choice: 'abstain' as const })),
      ...pushedBack.map(({ name }) => ({ name, choice: 'push-back' as const })),
    ];
    return { request: { version: 1, subject, covers }, question, have: approved.length, need, votes, silent, untilMs };
  });
}

const nowOf = ({ state }: Run): RunView['now'] =>
  Object.entries(state.marks)
    .filter(([key, { done }]) => done === undefined && !stepOfKey(key).includes('/'))
    .map(([step, { atMs, child }]) => ({ step, sinceMs: atMs, ...(child === undefined ? {} : { child }) }));

export function viewOf(run: Run, phase: RunPlaybookPhase): RunView {
  const { state, input, name } = run;
  return {
    name: input.name,
    playbook: input.playbook,
    run: name,
    phase,
    now: nowOf(run),
    finished: Object.entries(state.marks)
      .filter(([, { done }]) => done === 'finished')
      .map(([key]) => key),
    approvals: approvalsOf(run),
    tasks: Object.values(state.tasks),
    orders: [
      ...Object.values(state.wanted).map((order) => ({ ...order, isWaitedFor: true })),
      ...Object.values(state.asked ?? {}).map((order) => ({ ...order, isWaitedFor: false })),
    ],
    committeeEpoch: run.authority.committee.epoch,
    undoable: state.undo.map(({ key: _key, ...entry }) => entry),
    ...(phase === 'halted' && run.inIncident ? { resumable: resumableFrom(run) } : {}),
    ...(state.refusal === undefined ? {} : { refusal: state.refusal }),
  };
}
