import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { parseKeyCertificate } from '../../wire/documents/index.ts';
import {
  GENERATE_KEY,
  type GenerateKeyResult,
  generateKeyId,
  type KeyRef,
} from '../../workflows/generate-key/messages.ts';
import { readBlob } from '../blobs.ts';
import type { Operator } from '../operator.ts';

const EPOCHS_MAX = 1_000;

export type KeyRun = { readonly epoch: number; readonly workflowId: string; readonly status: string };

/** Every key process of this network, lowest epoch first. */
export async function keyRuns(client: Client, operator: Operator): Promise<readonly KeyRun[]> {
  const runs = new Map<number, KeyRun>();
  const query = `WorkflowType = '${GENERATE_KEY}' AND Network = '${operator.genesis.name}'`;
  for await (const run of client.workflow.list({ query })) {
    const epoch = Number(run.workflowId.split('/').at(-1));
    // Newest run first: an epoch that failed and was tried again shows its last attempt.
    if (Number.isSafeInteger(epoch) && !runs.has(epoch))
      runs.set(epoch, { epoch, workflowId: run.workflowId, status: run.status.name });
    if (runs.size >= EPOCHS_MAX) break;
  }
  return [...runs.values()].sort((a, b) => a.epoch - b.epoch);
}

export type ActiveKey = Extract<GenerateKeyResult, { outcome: 'active' }>;

/** The key that was made for an epoch, or for the newest epoch that has one, whatever validators do with it now. Throws `input.unknown-key`. */
export async function activeKey(client: Client, operator: Operator, epoch?: number): Promise<ActiveKey> {
  const epochs = epoch === undefined ? (await keyRuns(client, operator)).map((run) => run.epoch).reverse() : [epoch];
  for (const candidate of epochs) {
    const result = await resultOf(client, operator, candidate);
    if (result?.outcome === 'active') return result;
  }
  throw new FirebreakFailure(
    'input.unknown-key',
    `${epoch === undefined ? 'no epoch' : `epoch ${epoch}`} of ${operator.genesis.name} has ${epoch === undefined ? 'an' : 'no'} active key`,
  );
}

/** undefined while it runs, or when there is none. */
export async function resultOf(
  client: Client,
  operator: Operator,
  epoch: number,
): Promise<GenerateKeyResult | undefined> {
  const handle = client.workflow.getHandle(generateKeyId(operator.genesis.name, epoch));
  try {
    const { status } = await handle.describe();
    return status.name === 'COMPLETED' ? ((await handle.result()) as GenerateKeyResult) : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** The certificate behind a key, signed by all its participants, each by its pinned identity, or refused. */
export async function certificateOf(operator: Operator, key: KeyRef): Promise<KeyCertificate> {
  const certificate = parseKeyCertificate(
    await readBlob(operator, key.certificate),
    `certificate of epoch ${key.epoch}`,
  );
  const verdict = verifyCertificate(certificate, operator.genesis);
  if (!verdict.ok) throw new FirebreakFailure(verdict.refusal.code, verdict.refusal.message, verdict.refusal.details);
  return certificate;
}
