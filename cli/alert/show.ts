import {
  type Client,
  QueryNotRegisteredError,
  ServiceError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type AlertRecord, alertRecordQuery } from '../../workflows/record-alert/messages.ts';
import { withClient } from '../coordinator.ts';
import { utc } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { recordedAlerts } from './list.ts';
import { shown } from './memo.ts';

const SEARCHED_MAX = 1_000;
const QUERY_MS_MAX = 1_000;

/** `RecordAlertInput` as it is read back from the first event of the record. */
const recordInput = z.object({
  alert: z.object({
    source: shown(60),
    fingerprint: shown(300),
    startedAtMs: z.number(),
    name: shown(100),
    severity: shown(100),
    network: shown(100),
    summary: shown(1_000),
    labels: z.record(z.string(), shown(600)),
    labelsLeftOut: z.number(),
  }),
  match: z.object({
    chosen: z.object({ playbook: shown(100), digest: shown(64), severity: shown(10) }).optional(),
    losing: z.array(z.object({ playbook: shown(100), code: shown(100), message: shown(600) })),
  }),
});

export async function showAlert(options: { readonly data: string }, given: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const id = await idOf(client, given);
    const handle = client.workflow.getHandle(id);
    const { alert, match } = await inputOf(handle);
    const record = await recordOf(client, handle);
    const { chosen, losing } = match;
    return {
      data: { id, alert, chosen: chosen ?? null, losing, record: record ?? null },
      lines: [
        `${alert.name}: ${alert.severity || 'no severity'}, ${alert.network || 'no network'}, from ${alert.source}`,
        `  ${alert.summary}`,
        `  fired   ${utc(alert.startedAtMs / 1_000)}`,
        `  heard   ${record === undefined ? 'no worker answers; see Temporal' : heardInWords(record)}`,
        ...(record?.incident === undefined ? [] : [`  answer  ${record.incident}`]),
        '  labels',
        ...Object.entries(alert.labels).map(([name, value]) => `    ${shownName(name)} = ${JSON.stringify(value)}`),
        ...(alert.labelsLeftOut > 0 ? [`    and ${alert.labelsLeftOut} more that were left out`] : []),
        answerLine(chosen, record),
        ...losing.flatMap(({ playbook, code, message }) => [`  not ${playbook}: ${message}`, `    ${code}`]),
      ],
    };
  });
}

/** A sender that was started anew may not know any more that it has to say more: when it was heard last tells. */
export const heardInWords = ({ fired, resolved, lastHeardAtMs }: Omit<AlertRecord, 'incident'>): string =>
  fired + resolved === 0
    ? 'nothing yet'
    : `${fired} times as firing, ${resolved} times as resolved, last at ${utc(lastHeardAtMs / 1_000)}`;

/** A playbook is chosen for whatever is heard; what is opened is opened for a firing. */
export function answerLine(
  chosen: { readonly playbook: string; readonly digest: string } | undefined,
  record: Pick<AlertRecord, 'fired'> | undefined,
): string {
  if (chosen === undefined) return '  UNANSWERED: no playbook fits';
  const answer = `answered by ${chosen.playbook} (plan ${chosen.digest})`;
  return record?.fired === 0 ? `  nothing opened: resolved before it was heard firing, else ${answer}` : `  ${answer}`;
}

const shownName = (name: string): string => shown(100).parse(name);

/** The name of a record, or the beginning of the digest that ends it (8 characters or more). */
async function idOf(client: Client, given: string): Promise<string> {
  if (given.startsWith('recordAlert/')) return given;
  const found = /^[0-9a-f]{8,64}$/.test(given)
    ? (await recordedAlerts(client, SEARCHED_MAX)).filter(({ id }) => id.split('/').at(-1)?.startsWith(given))
    : [];
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only.id;
  throw new FirebreakFailure(
    'input.unknown-alert',
    found.length === 0
      ? 'no recorded alert has this name'
      : `${found.length} alerts begin with ${given}; type more of it`,
  );
}

/** What the record was begun with: it stands in the first event, which needs no worker to be read. */
async function inputOf(handle: WorkflowHandle): Promise<z.infer<typeof recordInput>> {
  await existing(handle);
  const { events } = await handle.fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const parsed = recordInput.safeParse(payload ? defaultPayloadConverter.fromPayload(payload) : undefined);
  if (parsed.success) return parsed.data;
  throw new FirebreakFailure('input.unknown-alert', `${handle.workflowId} is no record of an alert`);
}

async function existing(handle: WorkflowHandle): Promise<void> {
  try {
    await handle.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new FirebreakFailure('input.unknown-alert', 'no recorded alert has this name', {}, { cause: error });
  }
}

/** What the workflow has counted; undefined while nobody runs it. */
async function recordOf(client: Client, handle: WorkflowHandle): Promise<AlertRecord | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS_MAX, () => handle.query(alertRecordQuery));
  } catch (error) {
    if (error instanceof ServiceError || error instanceof QueryNotRegisteredError) return undefined;
    throw error;
  }
}
