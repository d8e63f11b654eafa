import { type SearchAttributePair, TypedSearchAttributes } from '@temporalio/common';
import { type RUN_TASK_TIMEOUT, searchAttributes, WORKFLOW_TASK_TIMEOUT } from '../settings.ts';

/** Everything a client passes to `client.workflow.start(type, options)`: the id is the lock, a second start joins the first. */
export type StartOptions<Input> = {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: [Input];
  readonly workflowTaskTimeout: typeof WORKFLOW_TASK_TIMEOUT | typeof RUN_TASK_TIMEOUT;
  readonly workflowIdConflictPolicy: 'USE_EXISTING';
  readonly workflowIdReusePolicy: 'ALLOW_DUPLICATE';
  readonly staticSummary: string;
  readonly staticDetails: string;
  readonly typedSearchAttributes: TypedSearchAttributes;
};

export type StartFacts<Input> = {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly input: Input;
  readonly network: string;
  readonly keyEpoch?: number;
  /** Of the incident that the process belongs to. */
  readonly severity?: string;
  /** Name of the playbook that it executes. */
  readonly playbook?: string;
  readonly phase: string;
  /** At most 200 characters: it is the line in the list of runs. */
  readonly summary: string;
  readonly details: string;
};

export function startOptions<Input>(facts: StartFacts<Input>): StartOptions<Input> {
  const pairs: SearchAttributePair[] = [
    { key: searchAttributes.network, value: facts.network },
    { key: searchAttributes.phase, value: facts.phase },
    { key: searchAttributes.awaitingRole, value: 'nobody' },
    { key: searchAttributes.progress, value: 0 },
  ];
  if (facts.severity !== undefined) pairs.push({ key: searchAttributes.severity, value: facts.severity });
  if (facts.playbook !== undefined) pairs.push({ key: searchAttributes.playbook, value: facts.playbook });
  if (facts.keyEpoch !== undefined) pairs.push({ key: searchAttributes.keyEpoch, value: String(facts.keyEpoch) });
  return {
    workflowId: facts.workflowId,
    taskQueue: facts.taskQueue,
    args: [facts.input],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: facts.summary.slice(0, 200),
    staticDetails: facts.details,
    typedSearchAttributes: new TypedSearchAttributes(pairs),
  };
}
