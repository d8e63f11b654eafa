import { grantDigest, type SignedGrant } from '../../../domain/committee/grant.ts';
import type { SignedGrantUse } from '../../../domain/committee/grant-use.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import type { JournalDatabase } from './database.ts';
import { documentIn, documentText } from './documents.ts';
import { damaged } from './faults.ts';
import type { GrantUseRow, Journal } from './journal.ts';
import type { Row, Table } from './rows.ts';

const OF_KIND = "SELECT digest FROM grants WHERE json_extract(document, '$.grant.kind') = ?";

export function grantJournal(database: JournalDatabase): Journal['grants'] {
  const grants = database.table('grants');
  const uses = database.table('grant_uses');
  return {
    uses: (grant) =>
      database.read(() =>
        uses.select('WHERE grant_digest = ? ORDER BY run, step', grant).map((row) => useRow(database, grants, row)),
      ),
    use: (row, atMs) =>
      database.bind(() => {
        const { grant } = row.signedGrant;
        const { run, step, afterOrder } = row.signedUse.use;
        const digest = grantDigest(grant);
        if (grants.first('WHERE digest = ?', digest) === undefined)
          grants.insert({ digest, document: documentText(row.signedGrant), at: atMs });
        uses.replace({
          grant_digest: digest,
          run,
          step,
          digest: row.digest,
          after_order: afterOrder,
          frozen_until: row.frozenUntilSeconds,
          obeyed: row.obeyed ? 1 : 0,
          document: documentText(row.signedUse),
          at: atMs,
        });
      }),
    all: () => database.read(() => uses.select('ORDER BY digest').map((row) => useRow(database, grants, row))),
    count: () => database.read(() => uses.count()),
    obeyedOf: (kind) => database.read(() => uses.count(`WHERE obeyed = 1 AND grant_digest IN (${OF_KIND})`, kind)),
  };
}

/** Of the uses since this order the one whose freeze ends last; by digest where two end at once, so that every validator names the same. */
export function latestUse(database: JournalDatabase, afterOrder: number): GrantUseRow | undefined {
  const row = database
    .table('grant_uses')
    .first('WHERE after_order = ? AND obeyed = 1 ORDER BY frozen_until DESC, digest LIMIT 1', afterOrder);
  return row === undefined ? undefined : useRow(database, database.table('grants'), row);
}

function useRow({ file }: JournalDatabase, grants: Table, row: Row): GrantUseRow {
  const grant = grants.first('WHERE digest = ?', row['grant_digest'] ?? null);
  if (grant === undefined) throw damaged(file, 'a use is there without its grant');
  return {
    digest: row['digest'] as Digest,
    signedGrant: documentIn<SignedGrant>(grant),
    signedUse: documentIn<SignedGrantUse>(row),
    frozenUntilSeconds: row['frozen_until'] as number,
    obeyed: row['obeyed'] === 1,
  };
}
