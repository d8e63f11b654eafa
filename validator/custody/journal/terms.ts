import type { KeysetId } from '../../../domain/ceremony/ceremony.ts';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import type { SignedTerms, VaultId } from '../../../domain/vault/terms.ts';
import type { JournalDatabase } from './database.ts';
import type { Journal, TermsRow } from './journal.ts';
import type { Row } from './rows.ts';

export function termsJournal(database: JournalDatabase): Journal['terms'] {
  const table = database.table('terms');
  return {
    get: (vault, keyset) =>
      database.read(() => {
        const row = table.first('WHERE vault = ? AND keyset = ?', vault, keyset);
        return row === undefined ? undefined : termsRow(row);
      }),
    list: () => database.read(() => table.select('ORDER BY at, vault').map(termsRow)),
    page: (keyset, after, limit) =>
      database.read(() =>
        table.select('WHERE keyset = ? AND vault > ? ORDER BY vault LIMIT ?', keyset, after, limit).map(termsRow),
      ),
    knows: (vault) => database.read(() => table.first('WHERE vault = ?', vault) !== undefined),
    count: () => database.read(() => table.count()),
    hold: (row, atMs) =>
      database.bind(() =>
        table.insert({
          vault: row.vault,
          keyset: row.keyset,
          document: Buffer.from(canonicalBytes(row.signedTerms)).toString('utf8'),
          script: row.script,
          watch_from: row.watchFromHeight,
          at: atMs,
        }),
      ),
  };
}

const termsRow = (row: Row): TermsRow => ({
  vault: row['vault'] as VaultId,
  signedTerms: JSON.parse(row['document'] as string) as SignedTerms,
  keyset: row['keyset'] as KeysetId,
  script: row['script'] as string,
  watchFromHeight: row['watch_from'] as number,
});
