import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { CustodyJournalFailure } from './failures.ts';

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;

/** The primary result code of a `node:sqlite` error (https://sqlite.org/rescode.html), or undefined for anything else. */
export function sqliteCode(error: unknown): number | undefined {
  const errcode = field(error, 'errcode');
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

export const isBusy = (error: unknown): boolean => sqliteCode(error) === SQLITE_BUSY;

/** What an error of the database means for the agent; errors that are already failures pass through. */
export function journalFailure(error: unknown, file: string): FirebreakFailure {
  if (error instanceof FirebreakFailure) return error;
  const code = sqliteCode(error);
  if (code === SQLITE_FULL) return failure('unavailable.journal-full', `no space left to write ${file}`, error);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return damaged(file, 'the database is malformed', error);
  if (code !== undefined && code !== SQLITE_CONSTRAINT)
    return failure('unavailable.journal-io', `${file} could not be read or written`, error);
  if (field(error, 'code') === 'ENOSPC')
    return failure('unavailable.journal-full', `no space left beside ${file}`, error);
  if (field(error, 'syscall') !== undefined)
    return failure('unavailable.journal-io', `${file} could not be synced`, error);
  return new FirebreakFailure('bug.journal', `unexpected error while using ${file}`, {}, { cause: error });
}

export function damaged(file: string, what: string, cause?: unknown): FirebreakFailure<CustodyJournalFailure> {
  return failure('policy.journal-damaged', `journal ${file} is damaged: ${what}; it is left as it is`, cause);
}

function failure(
  code: CustodyJournalFailure,
  message: string,
  cause?: unknown,
): FirebreakFailure<CustodyJournalFailure> {
  return new FirebreakFailure(code, message, {}, cause === undefined ? {} : { cause });
}

const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
