import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { linesOf, type Standing, standingFrom } from '../domain/incident/standing.ts';
import { INCIDENT } from '../workflows/incident/messages.ts';
import {
  type Delivered,
  RECORD_ALERT,
  type RecordAlertInput,
  startRecordAlert,
} from '../workflows/record-alert/messages.ts';
import type { ApiConfig } from './config.ts';

/** `heard`: an execution exists that has been told. `over`: the one that there was has ended, and nothing was opened. */
export type Recorded = { readonly id: string; readonly state: 'heard' | 'over' };

/** What the api asks of the workflow engine. */
export type AlertStore = {
  /** Returns when the server has it on disk; anything else is `unavailable.alert-store`. Workers need not run. */
  record(input: RecordAlertInput, delivered: Delivered): Promise<Recorded>;
  /** Whether the engine answers now. Never throws. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
};

/** An incident as every reader is shown it; it can be read with every worker dead. */
export type ReadIncident = {
  readonly id: string;
  readonly status: string;
  readonly standing: Standing | null;
  readonly lines: readonly string[];
};
export type IncidentStore = {
  /** Newest first. Throws `unavailable.alert-store`. */
  list(limit: number): Promise<readonly ReadIncident[]>;
  /** Undefined: there is none. Throws `unavailable.alert-store`. */
  show(id: string): Promise<ReadIncident | undefined>;
};

/** Opens nothing: the first call connects, so that the api runs and says 503 while Temporal is away. */
export function temporalEngine(temporal: ApiConfig['temporal']): AlertStore & IncidentStore {
  const { address, namespace, taskQueue, tls, apiKey, answerMsMax } = temporal;
  const connection = Connection.lazy({ address, tls, ...(apiKey === undefined ? {} : { apiKey }) });
  const client = new Client({ connection, namespace });
  const silent = (cause: unknown): FirebreakFailure =>
    new FirebreakFailure('unavailable.alert-store', `Temporal at ${address} did not answer`, { address }, { cause });
  const inTime = <T>(ask: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + answerMsMax, ask);
  return {
    record: async (input, delivered) => {
      const options = startRecordAlert(input, delivered, taskQueue);
      const id = options.workflowId;
      try {
        await inTime(() => client.workflow.signalWithStart(RECORD_ALERT, options));
        return { id, state: 'heard' };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return { id, state: 'over' };
        throw new FirebreakFailure(
          'unavailable.alert-store',
          `Temporal at ${address} did not confirm ${id} within ${answerMsMax} ms`,
          { address },
          { cause: error },
        );
      }
    },
    answers: async () => {
      try {
        await inTime(() => connection.workflowService.describeNamespace({ namespace }));
        return true;
      } catch {
        return false;
      }
    },
    list: async (limit) => {
      try {
        const found: ReadIncident[] = [];
        await inTime(async () => {
          for await (const run of client.workflow.list({ query: `WorkflowType = '${INCIDENT}'`, pageSize: limit })) {
            found.push(readFrom(run));
            if (found.length >= limit) break;
          }
        });
        return found;
      } catch (error) {
        throw silent(error);
      }
    },
    show: async (id) => {
      try {
        return readFrom(await inTime(() => client.workflow.getHandle(id).describe()));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw silent(error);
      }
    },
    close: () => connection.close(),
  };
}

function readFrom({
  workflowId: id,
  status,
  memo,
}: Pick<WorkflowExecutionDescription, 'workflowId' | 'status' | 'memo'>): ReadIncident {
  const nowMs = Date.now();
  const standing = standingFrom(memo?.['incident'], nowMs) ?? null;
  return { id, status: status.name.toLowerCase(), standing, lines: standing === null ? [] : linesOf(standing, nowMs) };
}
