import { type KeysetId, type KeyState, mayBecome, type PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { JournalDatabase } from './database.ts';
import { decide } from './decisions.ts';
import type { Journal, KeysetRow } from './journal.ts';
import { appendNumbered } from './numbered.ts';
import type { Row, Table } from './rows.ts';

const KEY_USES_KEPT = 100_000;
/** Key generations that ended without a certificate: it comes within seconds or never. */
const PROPOSED_KEPT = 8;

export function keysetJournal(database: JournalDatabase): Journal['keysets'] {
  const table = database.table('keysets');
  const update = (keyset: KeysetId, to: KeyState, columns: Row): void =>
    database.bind(() => {
      const row = table.first('WHERE keyset = ?', keyset);
      const from = row?.['state'] as KeyState | undefined;
      if (row === undefined || from === undefined || !mayBecome(from, to)) {
        throw new FirebreakFailure(
          'conflict.keyset-state',
          `keyset ${keyset} is ${from ?? 'unknown'} and cannot become ${to}`,
        );
      }
      table.replace({ ...row, ...columns, state: to });
    });
  return {
    ...keysetQueries(table, database.read),
    begin: (ceremony, epoch, atMs) =>
      database.bind(() => {
        const begun = database.table('begun_keygens');
        begun.insert({ ceremony, epoch, at: atMs });
        // Those below a certified key are refused for their epoch, begun or not.
        begun.remove("WHERE epoch < (SELECT max(epoch) FROM keysets WHERE state <> 'proposed')");
      }),
    hasBegun: (ceremony) =>
      database.read(() => database.table('begun_keygens').first('WHERE ceremony = ?', ceremony) !== undefined),
    seal: (row) =>
      database.bind(() => {
        table.insert({
          keyset: row.keyset,
          epoch: row.epoch,
          state: 'proposed',
          package: Buffer.from(canonicalBytes(row.package)).toString('utf8'),
          certificate: null,
          sealed_share: row.sealedShare,
          sealed_at: row.sealedAtMs,
          self_test: null,
        });
        decide(database, row.keyset);
        forgetAbandoned(table, row.keyset);
      }),
    keep: (row) =>
      database.bind(() =>
        table.insert({
          keyset: row.keyset,
          epoch: row.epoch,
          state: 'certified',
          package: Buffer.from(canonicalBytes(row.package)).toString('utf8'),
          certificate: row.certificate,
          sealed_share: null,
          sealed_at: row.atMs,
          self_test: null,
        }),
      ),
    certify: (keyset, certificate) => update(keyset, 'certified', { certificate }),
    test: (keyset, selfTestSignature) => update(keyset, 'tested', { self_test: selfTestSignature }),
    move: (keyset, to) => update(keyset, to, {}),
    recordUse: (use) =>
      database.note(() =>
        appendNumbered(database.table('key_uses'), KEY_USES_KEPT, {
          keyset: use.label.keyset,
          epoch: use.label.epoch,
          purpose: use.purpose,
          outcome: use.outcome,
          at: use.atMs,
        }),
      ),
  };
}

/** The oldest shares that no certificate followed are erased; whatever all participants certified stays for ever. */
function forgetAbandoned(table: Table, sealed: KeysetId): void {
  const proposed = table.select(
    "WHERE state = 'proposed' AND keyset <> ? ORDER BY sealed_at DESC, keyset LIMIT -1 OFFSET ?",
    sealed,
    PROPOSED_KEPT - 1,
  );
  for (const { keyset } of proposed) table.remove("WHERE keyset = ? AND state = 'proposed'", keyset ?? null);
}

export function keysetQueries(table: Table, read: <T>(work: () => T) => T): Pick<Journal['keysets'], 'get' | 'list'> {
  return {
    get: (keyset) => read(() => optional(table.first('WHERE keyset = ?', keyset))),
    list: () => read(() => table.select('ORDER BY epoch, sealed_at, keyset').map(keysetRow)),
  };
}

const optional = (row: Row | undefined): KeysetRow | undefined => (row === undefined ? undefined : keysetRow(row));

/** The row's checksum vouches for the document, so that it is read as what was written. */
function keysetRow(row: Row): KeysetRow {
  return {
    keyset: row['keyset'] as KeysetId,
    epoch: row['epoch'] as number,
    state: row['state'] as KeyState,
    package: JSON.parse(row['package'] as string) as PublicKeyPackage,
    certificate: (row['certificate'] as Uint8Array | null) ?? undefined,
    sealedShare: (row['sealed_share'] as Uint8Array | null) ?? undefined,
    sealedAtMs: row['sealed_at'] as number,
    selfTestSignature: (row['self_test'] as Uint8Array | null) ?? undefined,
  };
}
