import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { type ValidatorId, validatorId } from '../domain/network/network.ts';
import { EnvelopeHeaderSchema, SigningRequestSchema } from '../wire/generated/firebreak/v1/messages_pb.js';

/** A signing request that the coordinator has written down and is about to hand out. */
export type FoundRequest = { readonly ceremony: string /** Ascending. */; readonly signers: readonly ValidatorId[] };

const LOOK_MS = 5;
const BLOB_BYTES_MAX = 1_048_576;
const BLOB_NAME = /^[0-9a-f]{64}$/;

/**
 * Looks into the coordinator's blob folder until the signing request of a vault appears: the earliest moment at which an
 * outsider can know who will sign, and before the request has left the coordinator. undefined at the deadline.
 */
export async function watchForRequest(
  folder: string,
  vault: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<FoundRequest | undefined> {
  const fresh = freshBlobs(folder);
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && !signal.aborted) {
    for (const file of fresh()) {
      const found = readRequest(file, vault);
      if (found !== undefined) return found;
    }
    await wait(LOOK_MS);
  }
  return undefined;
}

/** Files that appeared since the first call's baseline; only shelves whose time changed are listed again. */
function freshBlobs(folder: string): () => string[] {
  const shelves = new Map<string, { mtimeMs: number; readonly known: Set<string> }>();
  const look = (): string[] => {
    const found: string[] = [];
    for (const shelf of list(folder)) {
      const path = join(folder, shelf);
      const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      const seen = shelves.get(shelf) ?? { mtimeMs: -1, known: new Set<string>() };
      shelves.set(shelf, seen);
      if (mtimeMs === seen.mtimeMs) continue;
      seen.mtimeMs = mtimeMs;
      for (const name of list(path)) {
        if (!BLOB_NAME.test(name) || seen.known.has(name)) continue;
        seen.known.add(name);
        found.push(join(path, name));
      }
    }
    return found;
  };
  look();
  return look;
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not made yet
  }
}

/** Blobs of other kinds do not read as a request for this vault. */
export function readRequest(file: string, vault: string): FoundRequest | undefined {
  try {
    if (statSync(file).size > BLOB_BYTES_MAX) return undefined;
    const request = fromBinary(SigningRequestSchema, readFileSync(file));
    if (!request.ceremony.startsWith('signing-') || request.inputs[0]?.vault !== vault) return undefined;
    const signers = request.commitments.map(({ header }) => validatorId(fromBinary(EnvelopeHeaderSchema, header).from));
    return signers.length === 0 ? undefined : { ceremony: request.ceremony, signers: signers.sort((a, b) => a - b) };
  } catch {
    return undefined;
  }
}
