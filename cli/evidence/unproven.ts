import type { AuditFacts, AuditRecord } from '../../domain/audit/record.ts';
import type { Context } from './context.ts';

/** What the records say of custody and nothing in the file proves: the coordinator's word, and shown as such. */
export function unprovenIn({ obeyed, standing }: Context, records: readonly AuditRecord[]): readonly string[] {
  const claims = records.flatMap((record) => {
    const said = unproven(record);
    return said === undefined ? [] : [`record ${record.count} (${record.kind}): ${said}`];
  });
  const isOvertaken = standing > obeyed;
  return isOvertaken
    ? [...claims, `the freeze at the end: validators stand at order ${standing}, of which no record tells`]
    : claims;
}

function unproven({ kind, facts, documents }: AuditRecord): string | undefined {
  const transcripts = documents.filter(({ what }) => what === 'ceremony').length;
  switch (kind) {
    case 'transaction.sent':
      return transcripts === 0 ? 'no transcript shows that this transaction was signed' : undefined;
    case 'vaults.swept': {
      const { swept } = facts as AuditFacts['vaults.swept'];
      return transcripts < swept ? `transcripts show ${transcripts} of the ${swept} swept vaults` : undefined;
    }
    case 'records.dropped':
      return `${(facts as AuditFacts['records.dropped']).dropped} entries were lost on their way into the records`;
    default:
      return undefined;
  }
}
