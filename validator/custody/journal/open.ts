import { auditHeadJournal } from './audit-heads.ts';
import { chainFreezeJournal } from './chain-freezes.ts';
import { openDatabase } from './database.ts';
import { decisionJournal } from './decisions.ts';
import { doubleSignedJournal } from './double-signed.ts';
import { epochJournal } from './epochs.ts';
import { grantJournal } from './grants.ts';
import type { Journal } from './journal.ts';
import { keysetJournal } from './keysets.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { orderJournal } from './orders.ts';
import { outflowJournal } from './outflow.ts';
import { claimJournal } from './claims.ts';
import { proposalJournal } from './proposals.ts';
import { releaseJournal } from './releases.ts';
import { rememberedJournal } from './remembered.ts';
import { sightingJournal } from './sightings.ts';
import { startJournal } from './starts.ts';
import { refusalJournal, stepJournal } from './steps.ts';
import { termsJournal } from './terms.ts';

/**
 * Opens the journal of a data folder (which must exist) for its one owner, checks every page and row, and creates it only where
 * none was ever made. Failures: `conflict.journal-in-use`, `policy.journal-damaged`, `policy.journal-newer`,
 * `unavailable.journal-full`, `unavailable.journal-io`.
 */
export function openJournal(folder: string): Journal {
  const database = openDatabase(folder);
  return {
    file: database.file,
    schemaVersion: SCHEMA_VERSION,
    keysets: keysetJournal(database),
    releases: releaseJournal(database),
    proposals: proposalJournal(database),
    claims: claimJournal(database),
    outflow: outflowJournal(database),
    orders: orderJournal(database),
    chainFreezes: chainFreezeJournal(database),
    grants: grantJournal(database),
    epochs: epochJournal(database),
    doubleSigned: doubleSignedJournal(database),
    terms: termsJournal(database),
    steps: stepJournal(database),
    refusals: refusalJournal(database),
    starts: startJournal(database),
    decisions: decisionJournal(database),
    sightings: sightingJournal(database),
    auditHeads: auditHeadJournal(database),
    remembered: rememberedJournal(database),
    atOnce: database.atOnce,
    close: database.close,
  };
}
