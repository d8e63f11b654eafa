import { type AuditDocument, type AuditEntry, documentOf } from '../domain/audit/record.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { putDocument } from './documents.ts';

export type Enclosed = NonNullable<AuditEntry['enclosed']>;

/** Puts documents of the records where an export finds them; what is carried on is their names. */
export async function storeEnclosed(
  deps: Pick<ActivityDependencies, 'blobs'>,
  enclosed: Enclosed,
  now: Attempt,
): Promise<AuditDocument[]> {
  const kept: AuditDocument[] = [];
  for (const { what, value } of enclosed) {
    await putDocument(deps, value, now);
    kept.push(documentOf(what, value));
  }
  return kept;
}
