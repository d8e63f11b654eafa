import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { canonicalBytes, sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { INCIDENT, type IncidentInput, startIncident } from '../../workflows/incident/messages.ts';

export type Opened = {
  readonly incident: string;
  /** False: an incident of this name, with exactly this to do, was open before. */
  readonly isNew: boolean;
};

/**
 * Opens an incident. Typed twice, it is the same incident; one of this name that has something else to do is `conflict.incident-open`,
 * since whoever types at three in the morning would otherwise watch the wrong response.
 */
export async function openIncident(client: Client, input: IncidentInput, taskQueue: string): Promise<Opened> {
  const { workflowIdConflictPolicy: _joins, ...options } = startIncident(input, taskQueue);
  const incident = options.workflowId;
  try {
    await client.workflow.start(INCIDENT, { ...options, workflowIdConflictPolicy: 'FAIL' });
    return { incident, isNew: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const there = await inputOf(client, incident);
  if (there !== undefined && toDo(there) === toDo(input)) return { incident, isNew: false };
  throw new FirebreakFailure(
    'conflict.incident-open',
    `${incident} is open already${there === undefined ? '' : ` and runs ${there.playbook.name}${inputsIn(there)}`}; nothing was opened`,
    { incident },
  );
}

/** Of a long incident only the beginning is fetched. */
async function inputOf(client: Client, workflowId: string): Promise<IncidentInput | undefined> {
  const { namespace } = client.options;
  const question = { namespace, execution: { workflowId }, maximumPageSize: 1 };
  const { history } = await client.workflowService.getWorkflowExecutionHistory(question);
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  return payload === undefined || payload === null
    ? undefined
    : defaultPayloadConverter.fromPayload<IncidentInput>(payload);
}

const toDo = ({ playbook: { playbook, inputs, orders = [] } }: IncidentInput): string =>
  sha256Hex(canonicalBytes({ playbook, inputs, orders }));

const inputsIn = ({ playbook: { inputs } }: IncidentInput): string => {
  const given = Object.entries(inputs).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return given.length === 0 ? '' : ` with ${given.join(', ')}`.slice(0, 300);
};
