import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, startChild } from '@temporalio/workflow';
import { type Alert, alertKey } from '../../domain/alert/alert.ts';
import type { Chosen } from '../../domain/alert/match.ts';
import { asMarkdown } from '../../domain/alert/text.ts';
import { INCIDENT, type IncidentInput, startIncident } from '../incident/messages.ts';
import type { AlertResponse } from './messages.ts';

/**
 * Opens the incident that answers an alert, and gives its name. The alert's key is in it, so whoever comes second joins; and it does not
 * end with the record, nor with a click on `cancel` at the record's page.
 */
export async function openIncident(alert: Alert, chosen: Chosen, response: AlertResponse): Promise<string> {
  const { name, severity, network, summary, labels, source } = alert;
  const { playbook, digest, inputs } = chosen;
  const input: IncidentInput = {
    network,
    key: alertKey(alert),
    title: `alert ${asMarkdown(name, 60)} of ${source}`,
    severity: chosen.severity,
    alert: { name, source, startedAtMs: alert.startedAtMs },
    playbook: {
      name: playbook,
      playbook: digest,
      inputs,
      ...response,
      alert: { name, severity, network, summary, labels },
    },
  };
  const { taskQueue: _ours, workflowIdConflictPolicy: _joined, ...options } = startIncident(input);
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(INCIDENT, {
        ...options,
        parentClosePolicy: 'ABANDON',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return options.workflowId;
}
