import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, startChild } from '@temporalio/workflow';
import { INCIDENT, type IncidentInput, startIncident } from '../incident/messages.ts';

/**
 * Opens the incident of an alert. The alert's key is in its name, so it is opened once; and it does not end with whoever opened it, nor
 * with a click on `cancel` there. False: it was there before, and may be over.
 */
export async function openIncident(input: IncidentInput): Promise<boolean> {
  const { taskQueue: _ours, workflowIdConflictPolicy: _joined, ...options } = startIncident(input);
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(INCIDENT, {
        ...options,
        parentClosePolicy: 'ABANDON',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
