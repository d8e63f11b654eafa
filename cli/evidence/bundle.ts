import { z } from 'zod';
import type { Head } from '../../domain/audit/chain.ts';
import { type AuditRecord, RECORDS_MAX } from '../../domain/audit/record.ts';
import { canonicalBytes, type Digest, sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Environment } from '../../domain/network/network.ts';
import { FILE_BYTES_MAX } from '../files.ts';
import { digestOfHex, recordSchema, whole } from './record-schema.ts';

/** A document of the records: JSON in its RFC 8785 form, or any other bytes. */
export type BundleDocument =
  | { readonly digest: Digest; readonly json: unknown }
  | { readonly digest: Digest; readonly base64: string };

/** Everything about one incident in one file. Its bytes are the RFC 8785 form of this and a line feed: there is one file for one content. */
export type Bundle = {
  readonly version: 1;
  readonly kind: 'evidence-bundle';
  readonly environment: Environment;
  readonly network: string;
  /** `documentDigest(TAGS.networkGenesis, genesis)` of the network file that whoever verifies it must have pinned. */
  readonly genesis: Digest;
  readonly incident: string;
  /** Oldest first. */
  readonly records: readonly AuditRecord[];
  /** Of the last record; the statements are wire envelopes in hex, ascending by validator. */
  readonly head: Head & { readonly statements: readonly string[] };
  /** What the records name, ascending by digest, each once. */
  readonly documents: readonly BundleDocument[];
  /** Attachments that were too large to come along or were not there: their digests stand in the records. Ascending. */
  readonly leftOut: readonly Digest[];
};

export const BUNDLE_BYTES_MAX = FILE_BYTES_MAX;

const schema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('evidence-bundle'),
  environment: z.enum(['production', 'drill', 'development']),
  network: z.string().max(64),
  genesis: digestOfHex,
  incident: z.string().min(1).max(400),
  records: z.array(recordSchema).min(1).max(RECORDS_MAX),
  head: z.strictObject({
    incident: z.string().max(400),
    count: whole,
    head: digestOfHex,
    root: digestOfHex,
    statements: z
      .array(
        z
          .string()
          .regex(/^([0-9a-f]{2})*$/)
          .max(10_000),
      )
      .max(255),
  }),
  documents: z
    .array(
      z.union([
        z.strictObject({ digest: digestOfHex, json: z.unknown() }),
        z.strictObject({ digest: digestOfHex, base64: z.string() }),
      ]),
    )
    .max(RECORDS_MAX),
  leftOut: z.array(digestOfHex).max(RECORDS_MAX),
});

export const encodeBundle = (bundle: Bundle): Buffer =>
  Buffer.from(`${Buffer.from(canonicalBytes(bundle)).toString()}\n`);

/** `input.evidence-bundle` for anything that is not byte for byte a bundle. */
export function bundleIn(bytes: Uint8Array, where: string): Bundle {
  const parsed = schema.safeParse(jsonOf(bytes, where));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [part, at] = issue?.path ?? [];
    const place = part === 'records' && typeof at === 'number' ? `record ${at + 1}: ` : '';
    throw wrong(where, `${place}field ${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'not valid'}`);
  }
  const bundle = parsed.data as unknown as Bundle;
  if (!encodeBundle(bundle).equals(bytes))
    throw wrong(where, 'is not in its one form (RFC 8785 and a line feed): it was edited or reformatted');
  return bundle;
}

function jsonOf(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw wrong(where, 'is not JSON');
  }
}

const wrong = (where: string, what: string): FirebreakFailure =>
  new FirebreakFailure('input.evidence-bundle', `${where}: ${what}`);

/** The bytes under a document's digest; undefined when they have another one, or another form would be the right one. */
export function documentBytes(document: BundleDocument): Uint8Array | undefined {
  const bytes = 'json' in document ? canonicalBytes(document.json) : Buffer.from(document.base64, 'base64');
  if (sha256Hex(bytes) !== document.digest) return undefined;
  return sameForm(bundled(document.digest, bytes), document) ? bytes : undefined;
}

const sameForm = (one: BundleDocument, other: BundleDocument): boolean =>
  'json' in one ? 'json' in other : 'base64' in other && one.base64 === other.base64;

/** JSON stays readable where its canonical form is exactly these bytes. */
export function bundled(digest: Digest, bytes: Uint8Array): BundleDocument {
  const base64 = { digest, base64: Buffer.from(bytes).toString('base64') };
  try {
    const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
    return Buffer.from(canonicalBytes(json)).equals(bytes) ? { digest, json } : base64;
  } catch {
    return base64;
  }
}
