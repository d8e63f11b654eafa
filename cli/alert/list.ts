import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { AlertStatus } from '../../domain/alert/alert.ts';
import { RECORD_ALERT, RECORD_PHASE, type RecordPhase } from '../../workflows/record-alert/messages.ts';
import { withClient } from '../coordinator.ts';
import { readWholeNumber, utc } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { alertMemo } from './memo.ts';

export type ListAlertsOptions = { readonly data: string; readonly limit: string; readonly unanswered?: boolean };

export type ListedAlert = {
  readonly id: string;
  /** Of the record: `running` as long as more may be heard that counts. */
  readonly status: string;
  /** Its sender has said that it fires, and not that it is over. */
  readonly firing: boolean;
  /** What its sender said first. */
  readonly first: AlertStatus;
  readonly heardAtMs: number;
  readonly name: string;
  readonly severity: string;
  readonly network: string;
  readonly source: string;
  readonly summary: string;
  /** Null: nothing answers it; `reason` says why. */
  readonly playbook: string | null;
  readonly reason: string | null;
};

export async function listAlerts(options: ListAlertsOptions): Promise<Outcome> {
  const operator = readOperator(options.data);
  const limit = readWholeNumber(options.limit, '--limit', 1, 1_000);
  return withClient(operator, async (client) => {
    const alerts = await recordedAlerts(client, limit, options.unanswered === true);
    const [first] = alerts;
    return {
      data: { alerts },
      lines: alerts.length === 0 ? ['no alert yet'] : [...alerts.flatMap(describe), ...whatFiringMeans(alerts)],
      ...(first === undefined ? {} : { next: `alert show ${keyOf(first.id)}` }),
    };
  });
}

/** How many alerts of a network fire, as far as their senders said, among as many as are looked at. */
export async function countFiring(client: Client, network: string, limit: number): Promise<number> {
  const goesOn = ` AND ExecutionStatus = 'Running' AND Network = '${network}'`;
  return (await recordedAlerts(client, limit, false, goesOn)).filter(({ firing }) => firing).length;
}

/** Newest first. A record without a readable memo is not one of ours and is left out. `among`: further conditions of the list. */
export async function recordedAlerts(
  client: Client,
  limit: number,
  unanswered = false,
  among = '',
): Promise<readonly ListedAlert[]> {
  const alerts: ListedAlert[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowType = '${RECORD_ALERT}'${among}` })) {
    const memo = alertMemo.safeParse(run.memo?.['alert']);
    if (!memo.success || (unanswered && memo.data.playbook !== null)) continue;
    const { alert, playbook, reason, first } = memo.data;
    const { startedAtMs: _firedAtMs, ...facts } = alert;
    alerts.push({
      id: run.workflowId,
      status: run.status.name.toLowerCase(),
      firing: isFiring(run, first),
      first,
      heardAtMs: run.startTime.getTime(),
      ...facts,
      playbook,
      reason,
    });
    if (alerts.length >= limit) break;
  }
  return alerts;
}

/**
 * A record goes on for a while when a resolution was the first word: the firing may be on its way. Until a worker has heard that, the
 * alert counts as over.
 */
function isFiring({ status, typedSearchAttributes }: WorkflowExecutionInfo, first: AlertStatus): boolean {
  if (status.name !== 'RUNNING') return false;
  return first === 'firing' || typedSearchAttributes.get(RECORD_PHASE) !== ('recorded' satisfies RecordPhase);
}

/** Nobody here knows how things are: what stands in the list is what senders have said. */
const whatFiringMeans = (alerts: readonly ListedAlert[]): string[] =>
  alerts.some(({ firing }) => firing)
    ? ['FIRING: its sender has not said that it is resolved; alert show says when it was heard last']
    : [];

/** The digest at the end of the name: short names of alerts begin there. */
const keyOf = (id: string): string => (id.split('/').at(-1) ?? '').slice(0, 12);

const describe = (alert: ListedAlert): string[] => {
  const { id, firing, heardAtMs, name, severity, network, source } = alert;
  return [
    `${utc(heardAtMs / 1_000)}  ${keyOf(id)}  ${(firing ? 'FIRING' : 'OVER').padEnd(6)}  ${severity.padEnd(8)}  ${name}`,
    `  ${network || 'no network'}, from ${source}: ${answerOf(alert)}`,
  ];
};

/** What is opened is opened for a firing: with a resolution as the first word it may never have come. */
function answerOf({ firing, first, playbook, reason }: ListedAlert): string {
  if (playbook === null) return `UNANSWERED, ${reason ?? ''}`;
  return first === 'firing' || firing
    ? `answered by ${playbook}`
    : `resolved before it was heard firing; alert show says whether ${playbook} was opened`;
}
