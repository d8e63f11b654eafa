import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { errnoOf } from '../plugins/durable-file.ts';

/** Every document of this tool is far smaller; a larger file is a mistake. */
export const FILE_BYTES_MAX = 16 * 1_048_576;

/** Reads a whole file; missing, unreadable and oversized ones are `input.file`. */
export function readBounded(path: string, what: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX)
      throw new FirebreakFailure('input.file', `${what} ${path} has ${size} bytes, at most ${FILE_BYTES_MAX} are read`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof FirebreakFailure) throw error;
    throw new FirebreakFailure(
      'input.file',
      `${what} ${path} cannot be read: ${(error as Error).message}`,
      { path },
      { cause: error },
    );
  }
}

/** Reads JSON through a schema once; the answer names file and field. */
export function readDocument<T>(path: string, what: string, schema: z.ZodType<T>): T {
  const text = readBounded(path, what).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FirebreakFailure('input.file', `${what} ${path} is not JSON: ${(error as Error).message}`, { path });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? 'the document' : `field ${issue.path.join('.')}`;
  throw new FirebreakFailure('input.file', `${what} ${path}: ${field}: ${issue?.message ?? 'not valid'}`, { path });
}

/** Writes a public document; an existing file is never overwritten (`input.file-exists`) unless `replace` says so. */
export function writeDocument(path: string, what: string, document: unknown, replace = false): void {
  try {
    writeFileSync(path, `${JSON.stringify(document, undefined, 2)}\n`, { flag: replace ? 'w' : 'wx' });
  } catch (error) {
    throw unwritten(path, what, error);
  }
}

/** Why a new file could not be made; one that is there already needs another name, and everything else another look. */
export const unwritten = (path: string, what: string, error: unknown): FirebreakFailure =>
  errnoOf(error) === 'EEXIST'
    ? new FirebreakFailure('input.file-exists', `${what} ${path} exists already`, { path })
    : new FirebreakFailure('input.file', `${what} ${path} cannot be written: ${(error as Error).message}`, { path });

/** A private key file must be readable by its owner only. */
export function readSecretFile(path: string, what: string): Buffer {
  const bytes = readBounded(path, what);
  const mode = statSync(path).mode & 0o077;
  if (process.platform !== 'win32' && mode !== 0) {
    bytes.fill(0);
    throw new FirebreakFailure('input.key-file', `${what} ${path} can be read by others; type: chmod 600 ${path}`, {
      path,
    });
  }
  return bytes;
}

/** RFC 8410: the raw 32 bytes are the end of the SPKI form. */
export const ed25519PublicHex = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');

/** A BIP340 key as 64 hex characters: vault owners and release keys. The caller wipes it. */
export function readSchnorrKey(path: string, what: string): Uint8Array {
  const bytes = readSecretFile(path, what);
  try {
    const text = bytes.toString('latin1').trim();
    if (!/^[0-9a-f]{64}$/.test(text))
      throw new FirebreakFailure('input.key-file', `${what} ${path} is not 64 hexadecimal characters`, { path });
    return Uint8Array.from(Buffer.from(text, 'hex'));
  } finally {
    bytes.fill(0);
  }
}
