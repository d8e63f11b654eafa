import type { CeremonyId, KeysetId, KeyState } from '../../../domain/ceremony/ceremony.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import type { Outflow } from '../../../domain/vault/outflow.ts';
import type { JournalDatabase } from './database.ts';
import { documentText } from './documents.ts';
import type { Journal, OutpointLock } from './journal.ts';
import { keepProposal, proposalIn } from './proposals.ts';
import type { Row, TableName } from './rows.ts';

/** What a key may still be used for at least: the states before say only how far this validator has come with it. */
export type KeyBrake = Extract<KeyState, 'certified' | 'draining' | 'retired' | 'compromised'>;
/** Each forbids what the one before forbids. */
export const KEY_BRAKES: readonly KeyBrake[] = ['certified', 'draining', 'retired', 'compromised'];

/**
 * What a validator must never contradict, and would no longer know in an older copy of its journal. No share, no nonce, no answer is
 * in it. Committees, orders and uses of grants are not either: they prove themselves and are judged again.
 */
export type Remembered = {
  /** `hiding || binding` hex of every commitment that was used. */
  readonly nonces: readonly Nonce[];
  readonly locks: readonly Lock[];
  /** Every transaction that outputs were locked for, also those whose locks gave way. */
  readonly transactions: readonly Transaction[];
  readonly outflow: readonly Outflow[];
  /** Key generations that were begun. */
  readonly keygens: readonly { readonly ceremony: CeremonyId; readonly epoch: number; readonly atMs: number }[];
  readonly heads: readonly Head[];
  readonly keysets: readonly Key[];
};
type Nonce = {
  readonly commitment: string;
  readonly ceremony: string;
  readonly requestDigest: Digest;
  readonly atMs: number;
};
type Lock = OutpointLock & { readonly atMs: number };
type Transaction = { readonly txid: string; readonly outpoints: readonly string[]; readonly atMs: number };
type Head = { readonly incident: string; readonly count: number; readonly root: Digest; readonly atMs: number };
/** A key that all its participants signed; `certificate` is RFC 8785 text. */
type Key = {
  readonly keyset: KeysetId;
  readonly epoch: number;
  readonly brake: KeyBrake;
  readonly certificate: string;
};

export function rememberedJournal(database: JournalDatabase): Journal['remembered'] {
  const rows = (name: TableName, order: string): readonly Row[] =>
    database.read(() => database.table(name).select(`ORDER BY ${order}`));
  return {
    all: () => ({
      nonces: rows('burnt_nonces', 'commitment').map(nonceIn),
      locks: rows('outpoint_locks', 'outpoint, txid').map(lockIn),
      transactions: rows('lock_proposals', 'txid').map((row) => {
        const { txid, outpoints, atMs } = proposalIn(row);
        return { txid, outpoints, atMs };
      }),
      outflow: rows('outflow', 'outpoint').map(outflowIn),
      keygens: rows('begun_keygens', 'ceremony').map(keygenIn),
      heads: rows('audit_heads', 'incident, count').map(headIn),
      keysets: rows('keysets', 'keyset').flatMap(keyIn),
    }),
    take: (remembered, atMs) =>
      database.bind(() => {
        const put = (name: TableName, added: readonly Row[]): void => {
          const table = database.table(name);
          for (const row of added) table.replace(row);
        };
        put('burnt_nonces', remembered.nonces.map(nonceRow));
        put('outpoint_locks', remembered.locks.map(lockRow));
        const proposals = database.table('lock_proposals');
        for (const known of remembered.transactions)
          if (proposals.first('WHERE txid = ?', known.txid) === undefined)
            keepProposal(proposals, { ...known, proposal: new Uint8Array(0) });
        put(
          'outflow',
          remembered.outflow.map(({ outpoint, sats, atMs: at }) => ({ outpoint, sats, at })),
        );
        put(
          'begun_keygens',
          remembered.keygens.map(({ ceremony, epoch, atMs: at }) => ({ ceremony, epoch, at })),
        );
        put(
          'audit_heads',
          remembered.heads.map(({ incident, count, root, atMs: at }) => ({ incident, count, root, at })),
        );
        for (const key of remembered.keysets) takeKey(database, key, atMs);
      }),
  };
}

/** A key that is held already goes no further than it has come here, except to a brake; one that is new has no share. */
function takeKey(database: JournalDatabase, { keyset, epoch, brake, certificate }: Key, atMs: number): void {
  const table = database.table('keysets');
  const held = table.first('WHERE keyset = ?', keyset);
  const bytes = Buffer.from(certificate);
  if (held === undefined) {
    const { package: key } = JSON.parse(certificate) as { readonly package: unknown };
    table.insert({ keyset, epoch, state: brake, package: documentText(key), certificate: bytes, sealed_at: atMs });
    return;
  }
  const state = held['state'] as KeyState;
  if (state === 'proposed' || KEY_BRAKES.indexOf(brake) > KEY_BRAKES.indexOf(brakeOf(state)))
    table.replace({ ...held, state: brake, certificate: held['certificate'] ?? bytes });
}

const brakeOf = (state: KeyState): KeyBrake => KEY_BRAKES.find((brake) => brake === state) ?? 'certified';

const nonceIn = (row: Row): Nonce => ({
  commitment: row['commitment'] as string,
  ceremony: row['ceremony'] as string,
  requestDigest: row['request_digest'] as Digest,
  atMs: row['at'] as number,
});
const nonceRow = ({ commitment, ceremony, requestDigest, atMs }: Nonce): Row => ({
  commitment,
  ceremony,
  request_digest: requestDigest,
  at: atMs,
});

const lockIn = (row: Row): Lock => ({
  outpoint: row['outpoint'] as string,
  txid: row['txid'] as string,
  feeSats: row['fee_sats'] as number,
  requestDigest: row['request_digest'] as Digest,
  atMs: row['at'] as number,
});
const lockRow = ({ outpoint, txid, feeSats, requestDigest, atMs }: Lock): Row => ({
  outpoint,
  txid,
  fee_sats: feeSats,
  request_digest: requestDigest,
  at: atMs,
});

const outflowIn = (row: Row): Outflow => ({
  outpoint: row['outpoint'] as string,
  sats: row['sats'] as number,
  atMs: row['at'] as number,
});

const keygenIn = (row: Row): Remembered['keygens'][number] => ({
  ceremony: row['ceremony'] as CeremonyId,
  epoch: row['epoch'] as number,
  atMs: row['at'] as number,
});

const headIn = (row: Row): Head => ({
  incident: row['incident'] as string,
  count: row['count'] as number,
  root: row['root'] as Digest,
  atMs: row['at'] as number,
});

/** One without a certificate is nobody's key yet. */
function keyIn(row: Row): readonly Key[] {
  const { keyset, epoch, certificate } = row;
  if (!(certificate instanceof Uint8Array)) return [];
  return [
    {
      keyset: keyset as KeysetId,
      epoch: epoch as number,
      brake: brakeOf(row['state'] as KeyState),
      certificate: Buffer.from(certificate).toString('utf8'),
    },
  ];
}
