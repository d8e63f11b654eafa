import type { Bundle } from '../../../cli/evidence/bundle.ts';
import { gatherBundle } from '../../../cli/evidence/gather.ts';
import type { SignedHead } from '../../../domain/audit/page.ts';
import type { AuditFacts, AuditKind, AuditRecord } from '../../../domain/audit/record.ts';
import type { BlobRef } from '../../../domain/ports/blob-store.ts';
import type { TrailView } from '../../../workflows/lib/messages.ts';
import type { TestWorld } from './world.ts';

/** What an export of an incident holds, from the store that the workers of the test wrote to. */
export async function bundleOf({ deps }: TestWorld, { signed }: TrailView): Promise<Bundle> {
  if (signed === undefined) throw new Error('no head is signed');
  const read = (ref: BlobRef): Promise<Uint8Array> =>
    deps.blobs.get(ref, { signal: AbortSignal.timeout(10_000), deadlineMs: Date.now() + 10_000 });
  const head = JSON.parse(Buffer.from(await read(signed.document)).toString('utf8')) as SignedHead;
  return gatherBundle(deps.genesis, read, head);
}

/** What the records of one kind say, in their order. */
export const factsOf = <Kind extends AuditKind>(
  records: readonly AuditRecord[],
  kind: Kind,
): readonly AuditFacts[Kind][] =>
  records.flatMap((record) => (record.kind === kind ? [record.facts as AuditFacts[Kind]] : []));
