import type { Client } from '@temporalio/client';
import type { AuditRecord } from '../../domain/audit/record.ts';
import { seatsOf } from '../../domain/committee/committee.ts';
import { voterId } from '../../domain/committee/member-key.ts';
import { readBlob } from '../blobs.ts';
import { trailOf } from '../evidence/find.ts';
import { recordsUpTo } from '../evidence/gather.ts';
import { describeRecord } from '../evidence/words.ts';
import type { Operator } from '../operator.ts';

export type Recorded =
  | { readonly ok: true; readonly records: readonly AuditRecord[]; readonly waiting: number }
  | { readonly ok: false; readonly why: string };

/** Everything that was recorded of an incident so far, signed or not: each step, form with its answers, vote and order. */
export async function recordsOf(client: Client, operator: Operator, incident: string): Promise<Recorded> {
  try {
    const { page, count, waiting } = await trailOf(client, incident);
    const records = page === undefined ? [] : await recordsUpTo((ref) => readBlob(operator, ref), page, count);
    return { ok: true, records, waiting };
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  }
}

/** Members of the pinned committee by name; of a later one by the beginning of their key. */
export function describeRecords({ genesis }: Operator, recorded: Recorded): readonly string[] {
  if (!recorded.ok) return [`  records    cannot be read here: ${recorded.why}`];
  const { records, waiting } = recorded;
  const names = new Map(seatsOf(genesis.committee).map(({ key }) => [voterId(key), key.name]));
  return [
    `  records    ${records.length}, also about steps, forms, votes and orders${waiting === 0 ? '' : `; ${waiting} more are not written yet`}`,
    ...records.map((record) => describeRecord(record, names)),
  ];
}
