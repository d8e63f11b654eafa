import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { expect, test } from '@jest/globals';
import { countFiring, recordedAlerts } from './list.ts';

type Recorded = {
  readonly first?: 'firing' | 'resolved';
  readonly status?: 'RUNNING' | 'COMPLETED';
  readonly phase?: string;
};

/** The list of an engine that holds one record. */
function holding({ first, status = 'RUNNING', phase = 'recorded' }: Recorded): Client {
  const alert = { source: 's', name: 'n', severity: 'critical', network: 'laptop', summary: '', startedAtMs: 1 };
  const run = {
    workflowId: 'recordAlert/s/1',
    status: { name: status },
    startTime: new Date(1),
    memo: { alert: { alert, playbook: 'validator-offline', losing: 0, reason: null, first } },
    typedSearchAttributes: { get: () => phase },
  } as unknown as WorkflowExecutionInfo;
  const list = async function* () {
    yield run;
  };
  return { workflow: { list } } as unknown as Client;
}

test.each<[string, boolean, Recorded]>([
  ['heard firing', true, { first: 'firing', phase: 'answered' }],
  ['heard firing, and no worker runs', true, { first: 'firing' }],
  ['heard firing by a build that did not say what came first', true, {}],
  ['heard firing and resolved', false, { first: 'firing', status: 'COMPLETED', phase: 'resolved' }],
  ['heard resolved alone', false, { first: 'resolved' }],
  ['heard firing after it was resolved, and not answered yet', false, { first: 'resolved', phase: 'answered' }],
])('whether an alert fires is what its sender said: %s', async (_what, firing, recorded) => {
  const [alert] = await recordedAlerts(holding(recorded), 10);
  expect([alert?.firing, await countFiring(holding(recorded), 'laptop', 10)]).toEqual([firing, firing ? 1 : 0]);
});
