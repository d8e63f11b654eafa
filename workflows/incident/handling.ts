import { patched, setHandler } from '@temporalio/workflow';
import type { AuditEntry } from '../../domain/audit/record.ts';
import { seatOf } from '../../domain/committee/committee.ts';
import { refuse, type Verdict } from '../../domain/errors/failure.ts';
import { judgeCommand, type SignedCommand } from '../../domain/incident/command.ts';
import { ATTACHMENTS_MAX, NOTES_MAX } from '../../domain/incident/timeline.ts';
import { ROLES, SEVERITIES, type Severity } from '../../domain/playbook/plan.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { judgeLook } from '../lib/following.ts';
import { followCommittee } from '../lib/messages.ts';
import { toTemporal } from '../lib/refusal.ts';
import { demand as demandOf, heardAs } from '../lib/refused.ts';
import { takeUpdate } from '../lib/updates.ts';
import type { Following } from './following.ts';
import { alertHeardFrom, runMovedFrom } from './hear.ts';
import {
  addNote,
  alertHeardSignal,
  closeIncident,
  commandIncident,
  handRole,
  type Note,
  raiseSeverity,
  runMovedSignal,
} from './messages.ts';
import { firstResponder, happened, hearAlert, hearRun, type IncidentState, tellLater } from './state.ts';

const TEXT_MAX = 500;
const NAME_MAX = 100;
/** Since then an incident may have several alerts. */
export const ALERTS_SHARE_INCIDENTS = 'alerts-share-incidents';

/** What the handlers need of the incident around them. */
export type Incident = {
  readonly id: string;
  /** What commands call it. */
  readonly execution: string;
  readonly state: IncidentState;
  readonly record: (entry: AuditEntry) => void;
  /** Nothing is recorded any more. */
  readonly isClosed: () => boolean;
  readonly show: () => void;
  readonly following: Following;
  readonly run: {
    /** Its workflow. */
    readonly id: string;
    /** It says that it has ended. */
    readonly hasEnded: () => void;
    /** Whether only a look at the engine can tell how it ended. */
    readonly isJoined: () => boolean;
    /** Looks, and takes what it sees into the state. */
    readonly look: () => Promise<void>;
  };
};

/** Everything that runs, alerts and people tell an incident. What is refused is refused before it becomes an event. */
export function takeMessages(incident: Incident): void {
  const { state, show, record } = incident;
  setHandler(
    runMovedSignal,
    (said: unknown) => {
      const moved = heardAs('runMoved', said, (each) => runMovedFrom(each, incident.run.id));
      if (moved === undefined) return;
      hearRun(state, moved.standing);
      // How it ended is not believed: whoever can send a signal could end an incident with it.
      if (moved.ended) incident.run.hasEnded();
      show();
    },
    { description: 'How far a run of this incident is, from that run.' },
  );
  setHandler(
    alertHeardSignal,
    (said: unknown) => {
      const alert = heardAs('alertHeard', said, alertHeardFrom);
      if (alert === undefined) return;
      const { summary = '', ...linked } = alert;
      const { name, source, status, atMs } = linked;
      // Incidents of older builds heard no alert without a name, and recorded also what was no news.
      if (name === '' && !patched(ALERTS_SHARE_INCIDENTS)) return;
      if (!hearAlert(state, linked) && patched(ALERTS_SHARE_INCIDENTS)) return;
      record(
        status === 'resolved'
          ? { kind: 'alert.resolved', facts: { alert: name, source }, atMs: Date.now(), by: source }
          : {
              kind: 'alert.joined',
              facts: { alert: name, source, summary, startedAtMs: atMs },
              atMs: Date.now(),
              by: source,
            },
      );
      show();
    },
    { description: 'Another alert joins this incident, or one of its alerts is over.' },
  );
  takeUpdate(
    addNote,
    ({ by, text, attachments, say }) => {
      firstResponder(state, by);
      state.notes += 1;
      happened(state, 'note', by, text, attachments);
      record({
        kind: 'note.added',
        facts: { text },
        atMs: Date.now(),
        by,
        documents: attachments.map(({ blob: { digest, sizeBytes } }) => ({ what: 'attachment', digest, sizeBytes })),
      });
      if (say) tellLater(state, 'word', text);
      show();
      return { events: state.timeline.events.length };
    },
    {
      description: 'A line for the timeline.',
      validator: (note) => demandOpen(incident, 'addNote', () => judgeNote(state, note)),
    },
  );
  takeUpdate(
    handRole,
    ({ role, to, by }) => {
      const before = state.roles[role]?.name;
      state.roles = { ...state.roles, [role]: { name: to, sinceMs: Date.now(), by } };
      happened(state, 'role', by, `${role}: ${before === undefined ? '' : `${before} hands over to `}${to}`);
      record({ kind: 'role.taken', facts: { role, holder: to }, atMs: Date.now(), by });
      firstResponder(state, by);
      show();
      return { role, holder: to };
    },
    {
      description: 'Who has a role from now on.',
      validator: ({ role, to, by }) =>
        demandOpen(incident, 'handRole', () =>
          ROLES.includes(role) && isName(to) && isName(by)
            ? FINE
            : refuse('input.incident-message', `name a role (${ROLES.join(', ')}), who takes it and who says so`),
        ),
    },
  );
  takeSeverity(incident);
  takeClosing(incident);
}

function takeClosing({ state, show, run }: Incident): void {
  const goesOn = refuse('conflict.incident-phase', 'its run goes on: stop the run first, or let it end');
  takeUpdate(
    closeIncident,
    async ({ by, reason }) => {
      if (state.result === undefined) {
        await run.look();
        if (state.result === undefined || state.closedBy !== undefined) throw toTemporal(goesOn.refusal);
      }
      state.closedBy = by;
      happened(state, 'closed', by, `closed: ${reason}`);
      show();
      return { closed: true };
    },
    {
      description: 'Ends an incident whose run has ended, or says nothing of itself.',
      validator: ({ by, reason }) =>
        demand('closeIncident', () => {
          if (!isName(by) || !isText(reason)) return refuse('input.incident-message', 'say who closes it and why');
          const mayBe = state.phase === 'failed' || (state.phase === 'responding' && run.isJoined());
          return mayBe && state.closedBy === undefined ? FINE : goesOn;
        }),
    },
  );
}

function takeSeverity(incident: Incident): void {
  const { state, show, record } = incident;
  const change = (
    to: Severity,
    by: string,
    reason: string,
    signed?: SignedCommand,
  ): { readonly severity: Severity } => {
    const from = state.severity;
    state.severity = to;
    happened(state, 'severity', signed === undefined ? by : nameOf(state, by), `${from} becomes ${to}: ${reason}`);
    const enclosed = signed === undefined ? {} : { enclosed: [{ what: 'command', value: signed } as const] };
    record({ kind: 'severity.changed', facts: { from, to, reason }, atMs: Date.now(), by, ...enclosed });
    tellLater(state, 'severity', `${from} becomes ${to}: ${reason}`);
    show();
    return { severity: to };
  };
  takeUpdate(
    raiseSeverity,
    ({ severity, by, reason }) => {
      firstResponder(state, by);
      return change(severity, by, reason);
    },
    {
      description: 'A worse severity; a better one is signed.',
      validator: ({ severity, by, reason }) =>
        demandOpen(incident, 'raiseSeverity', () => {
          if (!SEVERITIES.includes(severity) || !isName(by) || !isText(reason))
            return refuse(
              'input.incident-message',
              `say which severity (${SEVERITIES.join(', ')}), who says so and why`,
            );
          const step = SEVERITIES.indexOf(state.severity) - SEVERITIES.indexOf(severity);
          if (step === 0) return refuse('conflict.severity', `it is ${severity} already`);
          return step > 0 ? FINE : refuse('policy.severity-down', 'a severity is lowered by a signed command');
        }),
    },
  );
  takeUpdate(
    commandIncident,
    async (signed) => {
      const { command, signature } = signed;
      // Incidents of older builds went by the committee of their beginning.
      if (patched('commands-follow-validators')) {
        await incident.following.again();
        const judged = judgeCommanded(incident, signed);
        if (!judged.ok) throw toTemporal(judged.refusal);
      }
      state.commandNumber = command.number;
      // The validator lets nothing else through.
      if (command.command !== 'lower-severity') return { severity: state.severity };
      return change(command.arguments.severity, signature.member, command.arguments.reason, signed);
    },
    {
      description: "A member's signed command: lower-severity.",
      validator: (signed) => demandOpen(incident, 'commandIncident', () => judgeCommanded(incident, signed)),
    },
  );
  takeUpdate(
    followCommittee,
    async () => {
      await incident.following.again();
      return { epoch: state.authority?.committee.epoch ?? 0 };
    },
    {
      description: 'Asks validators which committee they follow, and goes by it.',
      validator: () => demand('followCommittee', () => judgeLook(state.lookedAtMs)),
    },
  );
}

/** People read names; the record keeps the key. */
const nameOf = ({ authority }: IncidentState, voter: string): string =>
  (authority === undefined ? undefined : seatOf(authority.committee, voter)?.key.name) ?? voter.slice(0, 16);

function judgeCommanded({ id, execution, state }: Incident, signed: SignedCommand): Verdict<unknown> {
  const { authority, commandNumber, severity } = state;
  if (authority === undefined)
    return refuse('not-yet.incident-committee', 'no worker has said yet who the committee is; try again in a moment');
  const here = { incident: id, execution, lastNumber: commandNumber };
  const judged = judgeCommand(signed, here, { ...authority, former: new Set(authority.former) }, Date.now());
  if (!judged.ok) return judged;
  const { command } = signed;
  if (!isText(command.arguments.reason)) return refuse('input.incident-message', 'say why');
  if (command.command !== 'lower-severity')
    return refuse('conflict.incident-phase', `${command.command} is a command for the run of its playbook`);
  const to = SEVERITIES.indexOf(command.arguments.severity);
  return to > SEVERITIES.indexOf(severity)
    ? judged
    : refuse('conflict.severity', `${severity} is not lowered to ${command.arguments.severity}`);
}

function judgeNote({ notes }: IncidentState, { by, text, attachments, say }: Note): Verdict<unknown> {
  if (!isName(by) || !isText(text) || typeof say !== 'boolean')
    return refuse('input.incident-message', 'say who notes what, in 1 to 500 characters');
  if (attachments.length > ATTACHMENTS_MAX || !attachments.every(({ name, blob }) => isName(name) && isBlob(blob)))
    return refuse('input.incident-message', `at most ${ATTACHMENTS_MAX} attachments, each with a name and a digest`);
  return notes < NOTES_MAX ? FINE : refuse('input.incident-full', `an incident keeps at most ${NOTES_MAX} notes`);
}

const FINE: Verdict<undefined> = { ok: true, value: undefined };
const isTextOf = (value: unknown, most: number): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= most && value.isWellFormed();
const isName = (value: unknown): boolean => isTextOf(value, NAME_MAX);
const isText = (value: unknown): boolean => isTextOf(value, TEXT_MAX);
const isBlob = ({ digest, sizeBytes }: BlobRef): boolean =>
  typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;

const demand = (message: string, judge: () => Verdict<unknown>): void =>
  demandOf(message, judge, {
    code: 'input.incident-message',
    message: 'the message has not the shape that it must have',
  });

const CLOSED = refuse('conflict.incident-phase', 'the incident is over, and its evidence is closed');
/** What would be missing in the evidence is refused. */
const demandOpen = ({ isClosed }: Incident, message: string, judge: () => Verdict<unknown>): void =>
  demand(message, () => (isClosed() ? CLOSED : judge()));
