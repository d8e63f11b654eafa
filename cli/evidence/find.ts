import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { SignedHead } from '../../domain/audit/page.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { INCIDENT, incidentId, type IncidentResult } from '../../workflows/incident/messages.ts';
import { trailQuery, type TrailView } from '../../workflows/lib/messages.ts';
import { readBlobJson } from '../blobs.ts';
import { withClient } from '../coordinator.ts';
import type { Operator } from '../operator.ts';

/** Longer than a worker takes that takes over from another; after it there is none. */
const LOOK_MS = 5_000;
/** Blobs that are no signed head are larger or are passed over quickly. */
const HEAD_BYTES_MAX = 262_144;
/** Files of a shelf that are looked at; a store that holds more is asked through the engine. */
const FILES_MAX = 1_000_000;

export type Found = { readonly signed: SignedHead; readonly unsigned: number };

/** The workflow of an incident, given it or its key. */
const workflowOf = ({ genesis }: Operator, id: string): string =>
  id.includes('/') ? id : incidentId(genesis.name, id);

/** How far the records of an incident have come: from its result when it is over, otherwise from its worker. */
export const trailNamed = (operator: Operator, id: string): Promise<TrailView> =>
  withClient(operator, (client) => trailOf(client, workflowOf(operator, id)));

/** The newest head that enough validators have signed. */
export async function signedHeadOf(operator: Operator, trail: TrailView): Promise<Found> {
  if (trail.signed === undefined) {
    throw new FirebreakFailure(
      'not-yet.evidence-unsigned',
      `${trail.count} records of ${trail.incident} are written, and no head of them is signed by enough validators yet`,
    );
  }
  const signed = (await readBlobJson(operator, trail.signed.document)) as SignedHead;
  return { signed, unsigned: trail.count - trail.signed.count + trail.waiting };
}

/** The same, asked over a line that is open. */
export async function trailOf(client: Client, workflowId: string): Promise<TrailView> {
  const handle = client.workflow.getHandle(workflowId);
  const { type, status } = await client.withDeadline(Date.now() + LOOK_MS, () => handle.describe());
  if (type !== INCIDENT) throw new FirebreakFailure('input.unknown-process', `${workflowId} is no incident`);
  if (status.name === 'COMPLETED') return ((await handle.result()) as IncidentResult).evidence;
  return client.withDeadline(Date.now() + LOOK_MS, () => handle.query(trailQuery));
}

/** The same without the workflow engine: of all signed heads in the store, the longest of this incident. */
export function signedHeadInStore(operator: Operator, id: string): Found {
  const { blobs } = operator;
  if (blobs === undefined) throw new FirebreakFailure('input.data-folder', 'the operator file names no blob folder');
  const workflowId = workflowOf(operator, id);
  let best: SignedHead | undefined;
  for (const path of filesIn(blobs)) {
    const signed = headIn(path);
    if (signed === undefined || !signed.head.incident.startsWith(`${workflowId}/`)) continue;
    const isLonger = best === undefined || signed.head.count > best.head.count;
    const isBetter = signed.head.count === best?.head.count && signed.statements.length > best.statements.length;
    if (isLonger || isBetter) best = signed;
  }
  if (best === undefined)
    throw new FirebreakFailure('not-yet.evidence-unsigned', `the store holds no signed head of ${workflowId}`);
  return { signed: best, unsigned: 0 };
}

function* filesIn(folder: string): Generator<string> {
  let seen = 0;
  for (const shelf of readdirSync(folder).sort()) {
    if (!/^[0-9a-f]{2}$/.test(shelf)) continue;
    for (const name of readdirSync(join(folder, shelf)).sort()) {
      if ((seen += 1) > FILES_MAX) return;
      if (/^[0-9a-f]{64}$/.test(name)) yield join(folder, shelf, name);
    }
  }
}

/** Undefined for anything else, and for a file that is not what it is called. */
function headIn(path: string): SignedHead | undefined {
  try {
    if (statSync(path).size > HEAD_BYTES_MAX) return undefined;
    const bytes = readFileSync(path);
    if (!bytes.includes('"kind":"audit-head"') || !path.endsWith(sha256Hex(bytes))) return undefined;
    const value = JSON.parse(bytes.toString('utf8')) as SignedHead;
    return value.kind === 'audit-head' ? value : undefined;
  } catch {
    return undefined;
  }
}
