import type { BlobRef } from '../ports/blob-store.ts';
import type { Head } from './chain.ts';
import type { AuditRecord } from './record.ts';

/** Records that were written together, and where those before them lie. It orders nothing: the records' own digests do. */
export type AuditPage = {
  readonly version: 1;
  readonly kind: 'audit-page';
  readonly incident: string;
  readonly before?: BlobRef;
  readonly records: readonly AuditRecord[];
};

/** A head, and the statements (wire envelopes, hex) of those who signed it. */
export type SignedHead = {
  readonly version: 1;
  readonly kind: 'audit-head';
  readonly environment: AuditRecord['environment'];
  readonly network: string;
  readonly head: Head;
  readonly page: BlobRef;
  readonly statements: readonly string[];
};
