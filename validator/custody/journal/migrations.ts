/**
 * Step n brings a journal from schema version n to n + 1; steps are only added once a version was released (docs/operations/backup-and-upgrade.md).
 * Tables are keyed without rowid, so that one tree holds key and row, and each row ends with its own checksum (`rows.ts`).
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE keysets (
    keyset TEXT NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, state TEXT NOT NULL, package TEXT NOT NULL, certificate BLOB,
    sealed_share BLOB, sealed_at INTEGER NOT NULL, self_test BLOB, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE burnt_nonces (
    commitment TEXT NOT NULL PRIMARY KEY, ceremony TEXT NOT NULL, request_digest TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE outpoint_locks (
    outpoint TEXT NOT NULL PRIMARY KEY, txid TEXT NOT NULL, fee_sats INTEGER NOT NULL, request_digest TEXT NOT NULL, at INTEGER NOT NULL,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outpoint_locks_by_txid ON outpoint_locks (txid);
  CREATE TABLE signed_requests (
    digest TEXT NOT NULL PRIMARY KEY, ceremony TEXT NOT NULL, response BLOB NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE orders (
    number INTEGER NOT NULL PRIMARY KEY, digest TEXT NOT NULL, frozen_until INTEGER NOT NULL, document TEXT NOT NULL,
    at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE terms (
    vault TEXT NOT NULL, keyset TEXT NOT NULL, document TEXT NOT NULL, script TEXT NOT NULL, watch_from INTEGER NOT NULL,
    at INTEGER NOT NULL, sum BLOB NOT NULL, PRIMARY KEY (vault, keyset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE key_uses (
    number INTEGER NOT NULL PRIMARY KEY, keyset TEXT NOT NULL, epoch INTEGER NOT NULL, purpose TEXT NOT NULL, outcome TEXT NOT NULL,
    at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE refusals (
    number INTEGER NOT NULL PRIMARY KEY, code TEXT NOT NULL, peer TEXT NOT NULL, ceremony TEXT NOT NULL, at INTEGER NOT NULL,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE steps (
    number INTEGER NOT NULL PRIMARY KEY, ceremony TEXT NOT NULL, step TEXT NOT NULL, at INTEGER NOT NULL, detail TEXT,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX steps_by_ceremony ON steps (ceremony, number);
  CREATE TABLE ledger (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), writes INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE epochs (
    number INTEGER NOT NULL PRIMARY KEY, digest TEXT NOT NULL, document TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE grants (
    digest TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE grant_uses (
    grant_digest TEXT NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL, digest TEXT NOT NULL, after_order INTEGER NOT NULL,
    frozen_until INTEGER NOT NULL, obeyed INTEGER NOT NULL, document TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (grant_digest, run, step)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grant_uses_by_order ON grant_uses (after_order, frozen_until);
  CREATE TABLE double_signed (
    digest TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, document TEXT NOT NULL, at INTEGER NOT NULL,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE starts (
    number INTEGER NOT NULL PRIMARY KEY, instance TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE decided (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), decisions INTEGER NOT NULL, head TEXT NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sightings (
    number INTEGER NOT NULL PRIMARY KEY, validator INTEGER NOT NULL, forked INTEGER NOT NULL, statement BLOB NOT NULL,
    other BLOB NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE audit_heads (
    incident TEXT NOT NULL PRIMARY KEY, count INTEGER NOT NULL, root TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE begun_keygens (
    ceremony TEXT NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX begun_keygens_by_epoch ON begun_keygens (epoch);
  `,
  `
  CREATE TABLE outflow (
    outpoint TEXT NOT NULL PRIMARY KEY, sats INTEGER NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outflow_by_time ON outflow (at);
  `,
  `
  CREATE TABLE locks_of_copies (
    outpoint TEXT NOT NULL, txid TEXT NOT NULL, fee_sats INTEGER NOT NULL, request_digest TEXT NOT NULL, at INTEGER NOT NULL,
    sum BLOB NOT NULL, PRIMARY KEY (outpoint, txid)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO locks_of_copies SELECT outpoint, txid, fee_sats, request_digest, at, sum FROM outpoint_locks;
  DROP TABLE outpoint_locks;
  ALTER TABLE locks_of_copies RENAME TO outpoint_locks;
  CREATE INDEX outpoint_locks_by_txid ON outpoint_locks (txid);
  CREATE TABLE heads_of_copies (
    incident TEXT NOT NULL, count INTEGER NOT NULL, root TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (incident, count)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO heads_of_copies SELECT incident, count, root, at, sum FROM audit_heads;
  DROP TABLE audit_heads;
  ALTER TABLE heads_of_copies RENAME TO audit_heads;
  `,
  `
  CREATE TABLE lock_proposals (
    txid TEXT NOT NULL PRIMARY KEY, outpoints TEXT NOT NULL, proposal BLOB NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE signed_for (
    digest TEXT NOT NULL PRIMARY KEY, txid TEXT NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX signed_for_by_txid ON signed_for (txid);
  CREATE INDEX burnt_nonces_by_request ON burnt_nonces (request_digest);
  CREATE TABLE claims (
    validator INTEGER NOT NULL, txid TEXT NOT NULL, proposal BLOB NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL,
    sum BLOB NOT NULL, PRIMARY KEY (validator, txid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE claimed_outputs (
    outpoint TEXT NOT NULL, validator INTEGER NOT NULL, txid TEXT NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (outpoint, validator, txid)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX claimed_outputs_by_validator ON claimed_outputs (validator);
  `,
  `
  CREATE TABLE chain_freezes (
    number INTEGER NOT NULL PRIMARY KEY, after_order INTEGER NOT NULL, tip_hash TEXT NOT NULL, tip_height INTEGER NOT NULL,
    reason TEXT NOT NULL, lifted_by INTEGER NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;
/** "FBJ1": tells a journal from any other SQLite file. */
export const APPLICATION_ID = 0x46424a31;
