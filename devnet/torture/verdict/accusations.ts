import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import type { BlameProof } from '../../../domain/ceremony/blame.ts';
import { signingRequestDigest } from '../../../domain/ceremony/digests.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { verdictOf } from '../../../cli/blame/verify.ts';
import { parseBlameProof } from '../../../wire/documents/index.ts';
import { verifyingSuite } from '../../../threshold/verify/suite.ts';
import { filesBelow } from '../../files-below.ts';
import type { ArrivedPartial } from './partials.ts';

/** A validator that somebody called faulty, and where that stands. */
export type Named = { readonly validator: ValidatorId; readonly where: string };
/** A proof that anybody can check, and that holds. */
export type Proved = {
  readonly validator: ValidatorId;
  readonly kind: string;
  /** Of the signing request that it is about, if it is about one. */
  readonly request: Digest | undefined;
};

const PROOF_BYTES_MAX = 1_048_576;
const FAULT = 'signer-fault.';

/** Partial signatures that do not hold for the request and the commitments that they were made for. */
export const wrongAmong = (partials: readonly ArrivedPartial[]): readonly ArrivedPartial[] =>
  partials.filter(
    ({ key, tweak, signers, message, validator, partial }) =>
      !verifyingSuite.verifyPartial(key, tweak, signers, message, validator, partial),
  );

/** Everybody who is called faulty in a history or in evidence. What somebody refused, or that it was silent, is no accusation. */
export async function namedFaulty(client: Client, blobs: string): Promise<readonly Named[]> {
  const named: Named[] = [];
  for await (const { workflowId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    for (const event of events ?? []) {
      const info = event.activityTaskFailedEventAttributes?.failure?.applicationFailureInfo;
      if (info?.type?.startsWith(FAULT) !== true) continue;
      for (const validator of culpritsIn(info.details?.payloads?.[0]?.data))
        named.push({ validator, where: `${workflowId}: ${info.type}` });
    }
  }
  for (const { file, json } of documentsIn(blobs))
    for (const { validator, code } of withoutIn(json))
      if (code.startsWith(FAULT)) named.push({ validator: validatorId(validator), where: `${file}: ${code}` });
  return named;
}

/** Every proof of a fault in the blobs that holds, by the pinned genesis alone. */
export function provedFaulty(genesis: NetworkGenesis, blobs: string): readonly Proved[] {
  const proved: Proved[] = [];
  for (const { file, text } of documentsIn(blobs)) {
    const proof = readAs(() => parseBlameProof(text, file));
    if (proof === undefined) continue;
    const found = verdictOf(genesis, proof);
    if ('culprit' in found) proved.push({ validator: found.culprit, kind: proof.kind, request: requestIn(proof) });
  }
  return proved;
}

const requestIn = (proof: BlameProof): Digest | undefined =>
  proof.kind === 'signing-partial' ? signingRequestDigest(fromHex(proof.requestHex, 'request')) : undefined;

function* documentsIn(
  blobs: string,
): Generator<{ readonly file: string; readonly text: string; readonly json: unknown }> {
  for (const file of filesBelow(blobs)) {
    const bytes = readFileSync(file);
    if (bytes[0] !== 0x7b || bytes.length > PROOF_BYTES_MAX) continue;
    const text = bytes.toString('utf8');
    const json = readAs(() => JSON.parse(text) as unknown);
    if (json !== undefined) yield { file, text, json };
  }
}

function culpritsIn(data: Uint8Array | null | undefined): readonly ValidatorId[] {
  const details = readAs(() => JSON.parse(Buffer.from(data ?? []).toString('utf8')) as { readonly culprits?: unknown });
  return Array.isArray(details?.culprits) ? details.culprits.map((id) => validatorId(Number(id))) : [];
}

type Without = { readonly validator: number; readonly code: string };

function withoutIn(json: unknown): readonly Without[] {
  const { sessions } = (json ?? {}) as { readonly sessions?: unknown };
  if (!Array.isArray(sessions)) return [];
  return sessions.flatMap((session: { readonly without?: readonly Without[] }) => session.without ?? []);
}

function readAs<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
