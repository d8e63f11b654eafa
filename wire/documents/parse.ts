import type { z } from 'zod';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { DocumentFailureCode } from './failures.ts';
import { placeOfJsonError } from './json-error.ts';
import { type JsonLayout, layoutOf } from './json-text.ts';

export type DocumentKind<T> = { readonly name: string; readonly bytesMax: number; readonly schema: z.ZodType<T> };

/** The bytes that are signed, stored and sent: RFC 8785, so that every reader hashes the same ones. */
export const encodeDocument = (value: unknown): Uint8Array => canonicalBytes(value);

/**
 * Outside bytes become a typed document here, once. `where` is what the reader calls the source: a file name or "request of validator-003".
 * Unknown fields are refused, because a field that we skip is a field that somebody believed in.
 * Throws FirebreakFailure of `wireDocumentsFailures`; the message never repeats the document's content.
 */
export function parseDocument<T>(kind: DocumentKind<T>, source: Uint8Array | string, where: string): T {
  const text = readText(kind, source, where);
  const value = readJson(kind, text, where);
  const result = kind.schema.safeParse(value);
  const layout = layoutOf(text);
  const issue = result.success ? repetition(layout) : firstIssue(result.error.issues);
  if (result.success && issue === undefined) return result.data;
  const { path, message } = issue ?? { path: [], message: 'is not valid' };
  const line = layout.lineOf(path);
  // A document in one line came over the wire: there is no line to look at.
  const at = line === undefined || !text.trimEnd().includes('\n') ? where : `${where}:${line}`;
  const field = fieldPath(path);
  throw failure('input.document-field', `${at}: ${kind.name}: ${field}: ${message}`, {
    document: kind.name,
    where,
    field,
    ...(line === undefined ? {} : { line }),
  });
}

function readText<T>(kind: DocumentKind<T>, source: Uint8Array | string, where: string): string {
  const sizeBytes = typeof source === 'string' ? Buffer.byteLength(source, 'utf8') : source.length;
  if (sizeBytes === 0 || sizeBytes > kind.bytesMax) {
    throw failure(
      'input.document-size',
      `${where}: ${kind.name} has ${sizeBytes} bytes, expected 1 to ${kind.bytesMax}`,
      {
        document: kind.name,
        where,
      },
    );
  }
  if (typeof source === 'string') return source;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch {
    throw failure('input.document-encoding', `${where}: ${kind.name} is not UTF-8 text`, {
      document: kind.name,
      where,
    });
  }
}

function readJson<T>(kind: DocumentKind<T>, text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { line, column } = placeOfJsonError(text);
    throw failure('input.document-json', `${where}:${line}:${column}: ${kind.name} is not JSON from here on`, {
      document: kind.name,
      where,
      line,
      column,
    });
  }
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

function repetition({ repeated }: JsonLayout): Issue | undefined {
  return repeated && { path: repeated, message: 'is named twice; remove one' };
}

function firstIssue(issues: readonly z.core.$ZodIssue[]): Issue {
  const issue = issues[0];
  if (issue === undefined) return { path: [], message: 'is not valid' };
  if (issue.code === 'unrecognized_keys') {
    // Keys come from outside: quoted and shortened, they stay one short line of a log.
    const key = JSON.stringify(String(issue.keys[0]).slice(0, 40));
    return { path: issue.path, message: `has the unknown field ${key}; remove it or check its spelling` };
  }
  return { path: issue.path, message: issue.message };
}

/** `validators[3].identity`; the document itself is called `document`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'document';
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

const failure = (code: DocumentFailureCode, message: string, details: Record<string, string | number>) =>
  new FirebreakFailure(code, message, details);
