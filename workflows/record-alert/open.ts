import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, getExternalWorkflowHandle, startChild, workflowInfo } from '@temporalio/workflow';
import { type Alert, alertKey } from '../../domain/alert/alert.ts';
import type { Chosen } from '../../domain/alert/match.ts';
import { asMarkdown } from '../../domain/alert/text.ts';
import { ANSWER_ALERTS, type Asked, askedSignal, startAnswerAlerts } from '../answer-alerts/messages.ts';
import type { IncidentInput } from '../incident/messages.ts';
import type { AlertResponse } from './messages.ts';

/** The incident that is opened for this alert, if none is open that answers it. */
export function incidentOf(alert: Alert, chosen: Chosen, response: AlertResponse): IncidentInput {
  const { name, severity, network, summary, labels, source } = alert;
  const { playbook, digest, inputs } = chosen;
  return {
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
}

/**
 * Asks which incident answers the alert, and begins whoever is asked where nobody is. The answer comes as a message. False: whoever was
 * there ended at this moment, so ask again.
 */
export async function ask(alert: Alert, chosen: Chosen, response: AlertResponse): Promise<boolean> {
  const { name, source, fingerprint, startedAtMs, summary } = alert;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const asked: Asked = {
    record: workflowId,
    execution: firstExecutionRunId,
    alert: { name, source, fingerprint, startedAtMs, summary },
    incident: incidentOf(alert, chosen, response),
  };
  const start = startAnswerAlerts(alert.network, chosen, [asked]);
  const { taskQueue: _ours, workflowIdConflictPolicy: _joined, ...options } = start;
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(ANSWER_ALERTS, { ...options, parentClosePolicy: 'ABANDON' }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return getExternalWorkflowHandle(start.workflowId)
      .signal(askedSignal, asked)
      .then(
        () => true,
        () => false,
      );
  }
}
