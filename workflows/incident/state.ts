import type { AuditEntry } from '../../domain/audit/record.ts';
import type { Authority } from '../../domain/committee/committee.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import {
  type IncidentPhase,
  type LinkedAlert,
  type Roles,
  type RunStanding,
  type Standing,
  standingOf,
} from '../../domain/incident/standing.ts';
import {
  type Attachment,
  NO_EVENTS,
  type Timeline,
  type TimelineEvent,
  withEvent,
} from '../../domain/incident/timeline.ts';
import type { Phase } from '../../domain/notification/notice.ts';
import type { Severity } from '../../domain/playbook/plan.ts';
import type { DeliveryReceipt } from '../../domain/ports/notifier.ts';
import type { RunPlaybookResult } from '../run-playbook/messages.ts';
import { DONE_MAX, type Done, doneIn } from './done.ts';
import type { IncidentInput } from './messages.ts';

/** Why people are told something. */
export type Cause =
  | 'opened'
  | 'severity'
  | 'waiting'
  | 'escalation'
  | 'word'
  | 'reminder'
  | 'freeze'
  | 'unconfirmed'
  | 'halted'
  | 'closed';
export type Pending = { readonly number: number; readonly cause: Cause; readonly says: string };

/** All that an incident remembers; plain JSON, handed on when it continues as new. */
export type IncidentState = {
  openedAtMs: number;
  severity: Severity;
  phase: IncidentPhase;
  roles: Roles;
  alerts: readonly LinkedAlert[];
  /** By workflow. */
  runs: Record<string, RunStanding>;
  timeline: Timeline;
  notes: number;
  commandNumber: number;
  /** The committee, once a worker has said it; `former` as a list. */
  authority?: Omit<Authority, 'former'> & { readonly former: readonly string[] };
  /** The hand-overs that lead to it; absent: those that the incident was given. */
  epochs?: readonly SignedEpoch[];
  /** When validators were last asked which committee they follow. */
  lookedAtMs?: number;
  result?: RunPlaybookResult;
  closedBy?: string;
  failedAtMs?: number;
  /** What has to be told, oldest first. */
  pending: Pending[];
  /** Notices so far: with the incident, the name of each. */
  notices: number;
  /** By channel, what opened its conversation. */
  first: Record<string, DeliveryReceipt>;
  toldAtMs?: number;
  unconfirmed?: string;
  /** Somebody has answered a form: what happened is not only guessed any more. */
  isCauseSaid?: boolean;
  /** What its runs say was done; the timeline keeps the rest. Absent in incidents of older builds. */
  done?: readonly Done[];
  /** What people were already told to act on, and the freeze whose end they were told. */
  asked: readonly string[];
  frozenSaidMs: number;
  /** When the incident learnt of the freeze that ends at `frozenUntilMs`. */
  frozenHeard: { readonly untilMs: number; readonly atMs: number };
};

const ASKED_MAX = 100;
const ALERTS_MAX = 50;
const RUNS_MAX = 20;
/** More than people read: of one kind only the newest waits. */
const PENDING_MAX = 20;

export const freshState = (input: IncidentInput, nowMs: number): IncidentState => ({
  openedAtMs: nowMs,
  severity: input.severity,
  phase: 'responding',
  roles: {},
  alerts:
    input.alert === undefined
      ? []
      : [
          {
            name: input.alert.name,
            source: input.alert.source,
            key: input.key,
            status: 'firing',
            atMs: input.alert.startedAtMs,
          },
        ],
  runs: {},
  timeline: NO_EVENTS,
  notes: 0,
  commandNumber: 0,
  pending: [],
  notices: 0,
  first: {},
  asked: [],
  frozenSaidMs: 0,
  frozenHeard: { untilMs: 0, atMs: 0 },
});

export function happened(
  state: IncidentState,
  kind: TimelineEvent['kind'],
  by: string,
  text: string,
  attachments: readonly Attachment[] = [],
): void {
  const event = { atMs: Date.now(), kind, by, text, ...(attachments.length === 0 ? {} : { attachments }) };
  state.timeline = withEvent(state.timeline, event);
}

/** People are told; what waits already for the same cause is replaced by the newer words. */
export function tellLater(state: IncidentState, cause: Cause, says: string): void {
  state.notices += 1;
  const others = state.pending.filter((each) => each.cause !== cause || each.says === says || cause === 'severity');
  state.pending = [...others, { number: state.notices, cause, says }].slice(-PENDING_MAX);
}

/** Whoever speaks first is the commander until somebody else is. */
export function firstResponder(state: IncidentState, name: string): void {
  if (state.roles.commander !== undefined) return;
  state.roles = { ...state.roles, commander: { name, sinceMs: Date.now(), by: 'platform' } };
  happened(state, 'role', 'platform', `${name} spoke first and is commander until this is handed over`);
}

/** False: it is no news. */
export function hearAlert(state: IncidentState, alert: LinkedAlert): boolean {
  const known = state.alerts.find((each) => isSame(each, alert));
  if (known?.status === alert.status) return false;
  // One firing that was resolved does not fire again: its record asked twice, and the second was read late.
  if (known?.key !== undefined && known.key === alert.key && known.status === 'resolved') return false;
  state.alerts = [...state.alerts.filter((each) => each !== known), alert].slice(-ALERTS_MAX);
  const what = alert.status === 'resolved' ? 'resolved' : known === undefined ? 'joined' : 'fires again';
  happened(state, 'alert', alert.source, `alert ${alert.name} ${what}`);
  return true;
}

const isSame = (one: LinkedAlert, other: LinkedAlert): boolean =>
  one.name === other.name &&
  one.source === other.source &&
  (one.key === undefined || other.key === undefined || one.key === other.key);

/** Takes what a run says of itself, and whatever of it people have to be told. */
export function hearRun(state: IncidentState, standing: RunStanding): void {
  const before = state.runs[standing.run];
  const { frozenUntilMs = 0 } = standing;
  if (frozenUntilMs > state.frozenHeard.untilMs) state.frozenHeard = { untilMs: frozenUntilMs, atMs: Date.now() };
  if (before === undefined && Object.keys(state.runs).length >= RUNS_MAX) return;
  state.runs[standing.run] = standing;
  if (standing.isAnswered === true) state.isCauseSaid = true;
  if (before?.phase !== standing.phase)
    happened(
      state,
      'run',
      standing.run,
      `${standing.playbook}: ${standing.phase}${standing.refusal === undefined ? '' : `, ${standing.refusal}`}`,
    );
  if (standing.phase === 'halted' && before?.phase !== 'halted')
    tellLater(state, 'halted', `${standing.playbook} has halted: ${standing.refusal ?? 'somebody stopped it'}`);
  for (const { step, role, what, untilMs, escalated } of standing.awaited) {
    const name = `${standing.run}/${step}/${untilMs}`;
    if (isNew(state, name)) {
      happened(state, 'waiting', 'platform', `${role} is asked: ${what}`);
      tellLater(state, 'waiting', `${role}: ${what}`);
    }
    if (escalated === true && isNew(state, `${name}/escalated`)) {
      happened(state, 'waiting', 'platform', `escalated, nobody has answered enough: ${what}`);
      tellLater(state, 'escalation', `not enough answers yet from ${role}: ${what}`);
    }
  }
}

/** Kept for the next notice alone: it wakes nobody. */
export function hearDone(state: IncidentState, entry: AuditEntry): void {
  const done = doneIn(entry);
  if (done !== undefined) state.done = [...(state.done ?? []), done].slice(-DONE_MAX);
}

function isNew(state: IncidentState, name: string): boolean {
  if (state.asked.includes(name)) return false;
  state.asked = [...state.asked, name].slice(-ASKED_MAX);
  return true;
}

export const standingOfState = (state: IncidentState, input: IncidentInput, id: string): Standing =>
  standingOf({
    id,
    title: input.title,
    playbook: input.playbook.name,
    severity: state.severity,
    phase: state.phase,
    openedAtMs: state.openedAtMs,
    roles: state.roles,
    alerts: state.alerts,
    runs: Object.values(state.runs),
    timeline: state.timeline,
    toldAtMs: state.toldAtMs,
    unconfirmed: state.unconfirmed,
  });

/**
 * How far an incident is, in the words of notices. The cause is known when somebody has answered a form about it, and not before; it is
 * mended and watched when every run has done its work.
 */
export function wordedPhase({ phase, runs, isCauseSaid }: IncidentState): Phase {
  if (phase === 'over') return 'resolved';
  const runsNow = Object.values(runs);
  if (runsNow.length > 0 && runsNow.every((run) => run.phase === 'done')) return 'monitoring';
  return isCauseSaid === true ? 'identified' : 'investigating';
}
