import { defineQuery, defineSignal } from '@temporalio/workflow';
import { type Alert, alertKey, type AlertStatus } from '../../domain/alert/alert.ts';
import type { Match } from '../../domain/alert/match.ts';
import { asMarkdown } from '../../domain/alert/text.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import type { RunPlaybookInput } from '../run-playbook/messages.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';
import type { AlertRecord } from './state.ts';

export type { AlertRecord } from './state.ts';

/** Workflow type: one alert, from its first firing until it is resolved; opens the incident that answers it. */
export const RECORD_ALERT = 'recordAlert';

/** What a run of the playbook is handed beside its inputs. */
export type AlertResponse = Pick<RunPlaybookInput, 'plan' | 'library' | 'endorsement'>;

export type RecordAlertInput = {
  readonly alert: Alert;
  /** Decided before the alert was recorded, against the playbooks of that moment; another delivery does not decide again. */
  readonly match: Match;
  /** Of the chosen playbook; absent when there is none. */
  readonly response?: AlertResponse;
  /** What was counted in earlier runs of this execution. */
  readonly carried?: AlertRecord;
};

/** One delivery about the alert: the first starts the execution and is told to it, every further one is told to it. */
export type Delivered = { readonly status: AlertStatus; readonly atMs: number };
export const deliveredSignal = defineSignal<[Delivered]>('delivered');
export const alertRecordQuery = defineQuery<AlertRecord>('alertRecord');

export type RecordAlertResult = {
  readonly outcome: 'resolved' | 'never-fired' | 'fell-silent';
  readonly record: AlertRecord;
};

export const recordAlertId = (alert: Pick<Alert, 'source' | 'fingerprint' | 'startedAtMs'>): string =>
  `recordAlert/${alert.source}/${alertKey(alert)}`;

/** What `alert list` shows: it stands in the list of executions itself, so that it can be read with every worker dead. */
export type AlertMemo = {
  readonly alert: Pick<Alert, 'source' | 'name' | 'severity' | 'network' | 'summary' | 'startedAtMs'>;
  readonly playbook: string | null;
  /** What the first delivery said; absent in records of older builds. */
  readonly first?: AlertStatus;
  /** How many playbooks do not answer it, and for an unmatched alert why the nearest does not. */
  readonly losing: number;
  readonly reason: string | null;
};

export type RecordAlertStart = Omit<StartOptions<RecordAlertInput>, 'workflowIdReusePolicy'> & {
  readonly workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY';
  readonly memo: { readonly alert: AlertMemo };
  readonly signal: typeof deliveredSignal;
  readonly signalArgs: [Delivered];
};

/**
 * `client.workflow.signalWithStart(RECORD_ALERT, startRecordAlert(input, delivered))`. The id is the deduplication: a repeat is told to
 * the execution that runs; when that has ended, the server refuses, because an alert that is over does not begin again. Only an
 * execution that somebody terminated, or that failed, is begun again by the next repeat: it did not do its work.
 */
export function startRecordAlert(
  input: RecordAlertInput,
  delivered: Delivered,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): RecordAlertStart {
  const { alert, match } = input;
  const { source, name, severity, network, summary, startedAtMs } = alert;
  const answer = match.chosen === undefined ? 'no playbook answers it' : `answered by ${match.chosen.playbook}`;
  return {
    ...startOptions({
      workflowId: recordAlertId(alert),
      taskQueue,
      input,
      network: network === '' ? 'unknown' : network,
      phase: 'recorded',
      summary: `Alert ${asMarkdown(name, 60)} of ${source}: ${answer}`,
      details: [`Summary: ${asMarkdown(summary)}`, `Severity: ${asMarkdown(severity, 60)}`, `Answer: ${answer}`].join(
        '\n\n',
      ),
    }),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    memo: {
      alert: {
        alert: { source, name, severity, network, summary: summary.slice(0, 200), startedAtMs },
        playbook: match.chosen?.playbook ?? null,
        first: delivered.status,
        losing: match.losing.length,
        reason: match.chosen === undefined ? reasonFor(match.losing) : null,
      },
    },
    signal: deliveredSignal,
    signalArgs: [delivered],
  };
}

function reasonFor(losing: Match['losing']): string {
  const [nearest] = losing;
  return nearest === undefined
    ? 'no playbook is loaded'
    : `nearest of ${losing.length} is ${nearest.playbook}: ${nearest.message}`;
}
