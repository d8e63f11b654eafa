import type { Client } from '@temporalio/client';
import { RECORD_ALERT } from '../../workflows/record-alert/messages.ts';
import { withClient } from '../coordinator.ts';
import { readWholeNumber, utc } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { alertMemo } from './memo.ts';

export type ListAlertsOptions = { readonly data: string; readonly limit: string; readonly unanswered?: boolean };

export type ListedAlert = {
  readonly id: string;
  /** `running` as long as the alert is not resolved. */
  readonly status: string;
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

/** Newest first. A record without a readable memo is not one of ours and is left out. */
export async function recordedAlerts(
  client: Client,
  limit: number,
  unanswered = false,
): Promise<readonly ListedAlert[]> {
  const alerts: ListedAlert[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowType = '${RECORD_ALERT}'` })) {
    const memo = alertMemo.safeParse(run.memo?.['alert']);
    if (!memo.success || (unanswered && memo.data.playbook !== null)) continue;
    const { alert, playbook, reason } = memo.data;
    const { startedAtMs: _firedAtMs, ...facts } = alert;
    alerts.push({
      id: run.workflowId,
      status: run.status.name.toLowerCase(),
      heardAtMs: run.startTime.getTime(),
      ...facts,
      playbook,
      reason,
    });
    if (alerts.length >= limit) break;
  }
  return alerts;
}

/** Nobody here knows how things are: what stands in the list is what senders have said. */
const whatFiringMeans = (alerts: readonly ListedAlert[]): string[] =>
  alerts.some(({ status }) => status === 'running')
    ? ['FIRING: its sender has not said that it is resolved; alert show says when it was heard last']
    : [];

/** The digest at the end of the name: short names of alerts begin there. */
const keyOf = (id: string): string => (id.split('/').at(-1) ?? '').slice(0, 12);

const describe = ({
  id,
  status,
  heardAtMs,
  name,
  severity,
  network,
  source,
  playbook,
  reason,
}: ListedAlert): string[] => [
  `${utc(heardAtMs / 1_000)}  ${keyOf(id)}  ${(status === 'running' ? 'FIRING' : 'OVER').padEnd(6)}  ${severity.padEnd(8)}  ${name}`,
  `  ${network || 'no network'}, from ${source}: ${playbook === null ? `UNANSWERED, ${reason ?? ''}` : `answered by ${playbook}`}`,
];
