import { DatabaseSync } from 'node:sqlite';
import { journalFailure } from './faults.ts';
import type { Journal, OutpointLock } from './journal.ts';
import { keysetQueries } from './keysets.ts';
import { openTable } from './rows.ts';
import { lastStepNumber, type NumberedStep, stepQueries, stepsAfter } from './steps.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';

/** The words of `steps`, for whoever looks for one. */
export { STEP } from '../step-names.ts';

/** What a devnet or an auditor may look at in somebody else's journal. */
export type JournalReader = {
  readonly steps: Pick<Journal['steps'], 'of' | 'ceremonies'> & {
    /** The number of the latest step; 0 before the first. */
    last(): number;
    /** What was written after the step of this number, of whatever ceremony. */
    after(number: number): readonly NumberedStep[];
  };
  readonly keysets: Pick<Journal['keysets'], 'get' | 'list'>;
  locks(): readonly OutpointLock[];
  /** `hiding || binding` hex of every commitment that was used, with the request that used it. */
  burntNonces(): readonly { readonly commitment: string; readonly ceremony: string; readonly requestDigest: Digest }[];
  /** Every partial signature that left, or was about to leave: the wire `Response` that was stored before. */
  answers(): readonly { readonly ceremony: string; readonly requestDigest: Digest; readonly response: Uint8Array }[];
  close(): void;
};

/** Opens `journal.sqlite` for reading only; works while its owner runs, is stopped or is dead, and never blocks it. */
export function readJournal(file: string): JournalReader {
  const read = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw journalFailure(error, file);
    }
  };
  const database = read(() => new DatabaseSync(file, { readOnly: true }));
  database.exec('PRAGMA busy_timeout=2000');
  const locks = openTable(database, file, 'outpoint_locks');
  const nonces = openTable(database, file, 'burnt_nonces');
  const answers = openTable(database, file, 'signed_requests');
  const steps = openTable(database, file, 'steps');
  return {
    steps: {
      ...stepQueries(steps, read),
      last: () => read(() => lastStepNumber(steps)),
      after: (number) => read(() => stepsAfter(steps, number)),
    },
    keysets: keysetQueries(openTable(database, file, 'keysets'), read),
    locks: () =>
      read(() =>
        locks.select('ORDER BY at, outpoint').map((row) => ({
          outpoint: row['outpoint'] as string,
          txid: row['txid'] as string,
          feeSats: row['fee_sats'] as number,
          requestDigest: row['request_digest'] as Digest,
        })),
      ),
    burntNonces: () =>
      read(() =>
        nonces.select('ORDER BY at, commitment').map((row) => ({
          commitment: row['commitment'] as string,
          ceremony: row['ceremony'] as string,
          requestDigest: row['request_digest'] as Digest,
        })),
      ),
    answers: () =>
      read(() =>
        answers.select('ORDER BY at, digest').map((row) => ({
          ceremony: row['ceremony'] as string,
          requestDigest: row['digest'] as Digest,
          response: row['response'] as Uint8Array,
        })),
      ),
    close: () => database.close(),
  };
}
