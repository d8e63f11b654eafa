import {
  Client,
  Connection,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type FailureCode, FirebreakFailure } from '../domain/errors/failure.ts';
import { incidentId, runOfIncident } from '../workflows/incident/messages.ts';
import { OpenCalls } from './open-calls.ts';
import type { Operator } from './operator.ts';

/** On a machine with more work than processors an answer that is on its way takes seconds. */
const CONNECT_MS = 10_000;
/** For an answer that has enough to say without Temporal. */
export const SHORT_CONNECT_MS = 3_000;
const QUIET_MS = 2_000;
/** What is named here is looked for among incidents, and anything else among processes. */
const OF_INCIDENTS = [incidentId('', ''), runOfIncident('', '')].map((id) => id.slice(0, id.indexOf('/') + 1));

const HOW_IT_ENDED: Readonly<Record<string, string>> = {
  COMPLETED: 'came to its end',
  FAILED: 'failed',
  CANCELLED: 'was cancelled',
  TERMINATED: 'was terminated',
  TIMED_OUT: 'ran out of time',
};

/** Gives `work` a client of the workflow engine; `unavailable.coordinator` when it does not answer. */
export async function withClient<T>(
  operator: Operator,
  work: (client: Client) => Promise<T>,
  connectMs = CONNECT_MS,
): Promise<T> {
  const { address, namespace } = operator.temporal;
  const calls = new OpenCalls();
  const { interceptors } = calls;
  let connection: Connection;
  const stillTrying = setTimeout(() => {
    if (process.stderr.isTTY)
      process.stderr.write(`still connecting to Temporal at ${address} (${connectMs / 1_000} s at most)\n`);
  }, QUIET_MS);
  try {
    connection = await Connection.connect({ address, connectTimeout: connectMs, interceptors });
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    clearTimeout(stillTrying);
  }
  const client = new Client({ connection, namespace });
  try {
    return await work(client);
  } catch (error) {
    throw (await endedBefore(client, error)) ?? translate(error, address);
  } finally {
    await calls.end();
    await connection.close();
  }
}

/** To whoever wants to change it, the engine says of a process that has ended what it says of one that never was. */
async function endedBefore(client: Client, error: unknown): Promise<FirebreakFailure | undefined> {
  if (!(error instanceof WorkflowNotFoundError)) return undefined;
  const { workflowId } = error;
  const described = await client
    .withDeadline(Date.now() + CONNECT_MS, () => client.workflow.getHandle(workflowId).describe())
    .catch(() => undefined);
  const how = HOW_IT_ENDED[described?.status.name ?? ''];
  if (how === undefined) return undefined;
  return new FirebreakFailure('conflict.process-over', `${workflowId} is over: it ${how}`, {}, { cause: error });
}

function translate(error: unknown, address: string): unknown {
  if (error instanceof FirebreakFailure) return error;
  if (error instanceof WorkflowNotFoundError) {
    const isOfIncident = OF_INCIDENTS.some((prefix) => error.workflowId.startsWith(prefix));
    return new FirebreakFailure(
      isOfIncident ? 'input.unknown-incident' : 'input.unknown-process',
      `there is no ${isOfIncident ? 'incident or run' : 'process'} ${error.workflowId}`,
      {},
      { cause: error },
    );
  }
  // What a running process refuses has a code of ours as its type.
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    return new FirebreakFailure((type ?? 'bug.update') as FailureCode, message, {}, { cause: error });
  }
  if (error instanceof WorkflowFailedError) {
    return new FirebreakFailure(
      'unknown-outcome.process-ended',
      `the process ended without a result: ${error.cause?.message ?? error.message}`,
      {},
      { cause: error },
    );
  }
  return error instanceof ServiceError ? unreachable(address, error) : error;
}

const unreachable = (address: string, cause: unknown): FirebreakFailure =>
  new FirebreakFailure('unavailable.coordinator', `Temporal at ${address} does not answer`, { address }, { cause });
