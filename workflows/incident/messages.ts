import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { SignedCommand } from '../../domain/incident/command.ts';
import { type RunStanding, type Standing, standingOf } from '../../domain/incident/standing.ts';
import { type Attachment, NO_EVENTS, type TimelineEvent } from '../../domain/incident/timeline.ts';
import type { AlertStatus } from '../../domain/alert/alert.ts';
import type { Role, Severity } from '../../domain/playbook/plan.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import type { TrailView } from '../lib/messages.ts';
import type { RunPlaybookInput, RunPlaybookResult } from '../run-playbook/messages.ts';
import { runPlaybookId } from '../run-playbook/messages.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: one incident, from its opening until its playbook has ended well or a person closes it. */
export const INCIDENT = 'incident';

export type IncidentInput = {
  readonly network: string;
  /** Tells incidents of a network apart; the run of its playbook has the same. */
  readonly key: string;
  readonly title: string;
  readonly severity: Severity;
  readonly playbook: Omit<RunPlaybookInput, 'incident' | 'network'>;
  /** The alert that opened it. */
  readonly alert?: { readonly name: string; readonly source: string; readonly startedAtMs: number };
  /** What a watchdog says when it opens an incident again that somebody terminated. Its run is joined and never begun a second time. */
  readonly reopened?: string;
};
export type IncidentOutcome = RunPlaybookResult['outcome'] | 'closed';
export type IncidentResult = {
  readonly outcome: IncidentOutcome;
  readonly run: string;
  /** Absent: a person closed the incident before its run had told how it ended. */
  readonly result?: RunPlaybookResult;
  readonly standing: Standing;
  /** How far its records have come, and the head of them that validators have signed. */
  readonly evidence: TrailView;
};

/** The whole incident, while a worker answers; what has to be readable without one is `Standing`, in the memo. */
export type IncidentView = {
  readonly standing: Standing;
  /** What commands call this incident. */
  readonly execution: string;
  /** Workflow that executes its playbook: it takes votes, orders, answers, stop, undo and resume. */
  readonly run: string;
  readonly alerts: readonly { readonly name: string; readonly source: string; readonly status: AlertStatus }[];
  readonly timeline: readonly TimelineEvent[];
  readonly leftOut: number;
};
export const incidentQuery = defineQuery<IncidentView>('incident');

/** What a run says each time that it moves on; `result` when it has ended. */
export type RunMoved = { readonly standing: RunStanding; readonly result?: RunPlaybookResult };
export const runMovedSignal = defineSignal<[RunMoved]>('runMoved');

export type AlertHeard = {
  readonly name: string;
  readonly source: string;
  readonly status: AlertStatus;
  /** Unix milliseconds; of a firing, when it began. */
  readonly atMs: number;
  readonly key?: string;
  readonly summary?: string;
};
/** Another alert joins this incident, or one of its alerts is over. */
export const alertHeardSignal = defineSignal<[AlertHeard]>('alertHeard');

export type Note = {
  /** Who says it, in their own words. */
  readonly by: string;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** Tell it over every channel too: the next word that people wait for. */
  readonly say: boolean;
};
export const addNote = defineUpdate<{ readonly events: number }, [Note]>('addNote');
export type HandOver = { readonly role: Role; readonly to: string; readonly by: string };
export const handRole = defineUpdate<{ readonly role: Role; readonly holder: string }, [HandOver]>('handRole');
export type Raise = { readonly severity: Severity; readonly by: string; readonly reason: string };
/** Upwards only; `commandIncident` lowers. */
export const raiseSeverity = defineUpdate<{ readonly severity: Severity }, [Raise]>('raiseSeverity');
/** A member's signed command: `lower-severity`. */
export const commandIncident = defineUpdate<{ readonly severity: Severity }, [SignedCommand]>('commandIncident');
/** Ends an incident whose run has ended without success, or cannot tell how it ended. */
export const closeIncident = defineUpdate<
  { readonly closed: true },
  [{ readonly by: string; readonly reason: string }]
>('closeIncident');

export const incidentId = (network: string, key: string): string => `incident/${network}/${key}`;
export const runOfIncident = (network: string, key: string): string => runPlaybookId(network, key);

export type IncidentStart = StartOptions<IncidentInput> & { readonly memo: { readonly incident: Standing } };

/** `client.workflow.start(INCIDENT, startIncident(input))`; a second start of the same key joins the first. */
export function startIncident(
  input: IncidentInput,
  taskQueue: string = DEFAULT_TASK_QUEUE,
  nowMs: number = Date.now(),
): IncidentStart {
  const { network, key, title, severity, playbook } = input;
  const id = incidentId(network, key);
  return {
    ...startOptions({
      workflowId: id,
      taskQueue,
      input,
      network,
      phase: 'responding',
      severity,
      playbook: playbook.name,
      summary: `${severity} ${title}`,
      details: `Runs playbook ${playbook.name}, plan ${playbook.playbook}.`,
    }),
    // Readable before a worker has begun it.
    memo: {
      incident: standingOf({
        id,
        title,
        playbook: playbook.name,
        severity,
        phase: 'responding',
        openedAtMs: nowMs,
        roles: {},
        alerts: [],
        runs: [],
        timeline: NO_EVENTS,
        toldAtMs: undefined,
        unconfirmed: undefined,
      }),
    },
  };
}
