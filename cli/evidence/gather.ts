import type { AuditPage, SignedHead } from '../../domain/audit/page.ts';
import { type AuditDocument, type AuditRecord, RECORDS_MAX } from '../../domain/audit/record.ts';
import { type Digest, documentDigest, TAGS } from '../../domain/encoding/digest.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { type Bundle, bundled, type BundleDocument } from './bundle.ts';

/** Larger attachments, and those that are not there, stay out; their digests stand in the records. */
const ATTACHMENT_BYTES_MAX = 1_048_576;

type Read = (ref: BlobRef) => Promise<Uint8Array>;

/** Everything up to a signed head, from the store that the records lie in. Whether it holds is for the verifier. */
export async function gatherBundle(genesis: NetworkGenesis, read: Read, signed: SignedHead): Promise<Bundle> {
  const records = await recordsUpTo(read, signed.page, signed.head.count);
  const leftOut: Digest[] = [];
  const documents: BundleDocument[] = [];
  for (const document of namedIn(records)) {
    const bytes = isLeft(document) ? undefined : await readOrLeave(read, document);
    if (bytes === undefined) leftOut.push(document.digest);
    else documents.push(bundled(document.digest, bytes));
  }
  return {
    version: 1,
    kind: 'evidence-bundle',
    environment: genesis.environment,
    network: genesis.name,
    genesis: documentDigest(TAGS.networkGenesis, genesis),
    incident: signed.head.incident,
    records,
    head: { ...signed.head, statements: signed.statements },
    documents,
    leftOut,
  };
}

const isLeft = ({ what, sizeBytes }: AuditDocument): boolean =>
  what === 'attachment' && sizeBytes > ATTACHMENT_BYTES_MAX;

/** An attachment that is not there any more, or has another size than its note said, takes nothing else out of the evidence. */
async function readOrLeave(read: Read, { what, digest, sizeBytes }: AuditDocument): Promise<Uint8Array | undefined> {
  if (what !== 'attachment') return read({ digest, sizeBytes });
  try {
    const bytes = await read({ digest, sizeBytes });
    return bytes.length === sizeBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Oldest first, from the newest page back. */
export async function recordsUpTo(read: Read, page: BlobRef, count: number): Promise<readonly AuditRecord[]> {
  const pages: (readonly AuditRecord[])[] = [];
  let held = 0;
  for (let next: BlobRef | undefined = page; next !== undefined && held <= RECORDS_MAX; ) {
    const { records, before } = JSON.parse(Buffer.from(await read(next)).toString('utf8')) as AuditPage;
    pages.push(records);
    held += records.length;
    next = before;
  }
  return pages.reverse().flat().slice(0, count);
}

/** Each once, ascending by digest. What a record needs is not an attachment because a note calls it one as well. */
function namedIn(records: readonly AuditRecord[]): readonly AuditDocument[] {
  const named = new Map<Digest, AuditDocument>();
  for (const document of records.flatMap(({ documents }) => documents))
    if (document.what !== 'attachment' || !named.has(document.digest)) named.set(document.digest, document);
  return [...named.values()].sort((one, other) => (one.digest < other.digest ? -1 : 1));
}
