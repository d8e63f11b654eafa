import type { Client } from '@temporalio/client';
import type { AlertStatus } from '../../domain/alert/alert.ts';
import { RECORD_ALERT } from '../../workflows/record-alert/messages.ts';
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
  /**
   * Its sender has said that it fires, and no worker has heard that it is over: what comes in while none runs waits. Where that was said first,
   * the record goes on until the firing that it overtook is answered, and the alert is over all the same.
   */
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
      firing: first === 'firing' && run.status.name === 'RUNNING',
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

/** Nobody here knows how things are: what stands in the list is what workers have heard from senders. */
const whatFiringMeans = (alerts: readonly ListedAlert[]): string[] =>
  alerts.some(({ firing }) => firing)
    ? ['FIRING: no worker has heard from its sender that it is resolved; alert show says when one heard of it last']
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
function answerOf({ first, playbook, reason }: ListedAlert): string {
  if (playbook === null) return `UNANSWERED, ${reason ?? ''}`;
  return first === 'firing'
    ? `answered by ${playbook}`
    : `resolved before it was heard firing; alert show says whether ${playbook} was opened`;
}
