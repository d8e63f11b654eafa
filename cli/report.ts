import { type FailureCode, type FailureTable, FirebreakFailure } from '../domain/errors/failure.ts';
import { asTyped, remedyIn } from '../domain/errors/remedy.ts';
import { type Carried, withCarried } from './carrying.ts';
import { remedyTables } from './remedy-tables.ts';
import type { Outcome } from './outcome.ts';
import { paint, type Screen } from './screen.ts';

/** How the tool is called in the sentences it prints. */
export const PROGRAM = 'firebreak';

/** npm names the script that it runs; whoever came that way may have no installed program. */
export const typed = (text: string, script = process.env['npm_lifecycle_event']): string =>
  asTyped(withCarried(text, carried), script);

/** A line of a page; one that is a command under what it answers can be typed as it stands. */
export const typedLine = (line: string): string =>
  line.replace(/^( +)(firebreak .*)$/, (_whole, indent: string, command: string) => `${indent}${typed(command)}`);

let carried: readonly Carried[] = [];

/** From now on every command in a hint names these, as the command that gave the hint did. */
export function carry(given: readonly Carried[]): void {
  carried = given;
}

export function printOutcome(screen: Screen, outcome: Outcome, json: boolean): void {
  if (json) {
    screen.out(`${asJson({ ...outcome.data, ...(outcome.next ? { next: nextOf(outcome.next) } : {}) })}\n`);
    return;
  }
  for (const line of outcome.lines) screen.out(`${line}\n`);
  if (outcome.next) screen.out(`${paint(screen, 'quiet', 'next:')} ${typed(`${PROGRAM} ${outcome.next}`)}\n`);
}

/** As data it has no leading name of the tool. */
const nextOf = (next: string): string => withCarried(`${PROGRAM} ${next}`, carried).slice(PROGRAM.length + 1);

/**
 * JSON that a terminal shows as it is: what drives one, or hides text, is written as `\u` and means the same. JSON itself escapes only
 * the first 32 characters.
 */
export const asJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );

/** Remedies of the rooms that this process is made of; a code from another process has the remedy of its family. */
const tables: FailureTable[] = [...remedyTables];

export function knowFailures(table: FailureTable): void {
  if (!tables.includes(table)) tables.push(table);
}

export const remedyOf = (code: FailureCode): string => remedyIn(tables, code);

export type FailureReport = {
  readonly code: FailureCode;
  readonly message: string;
  readonly remedy: string;
  readonly details?: FirebreakFailure['details'];
};

/** Anything thrown becomes code, sentence and remedy; a stack is for us and only behind FIREBREAK_DEBUG. */
export function reportOf(error: unknown): FailureReport {
  if (error instanceof FirebreakFailure) {
    const details = Object.keys(error.details).length > 0 ? { details: error.details } : {};
    return { code: error.code, message: error.message, remedy: remedyOf(error.code), ...details };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'bug.unexpected', message, remedy: remedyIn([], 'bug.unexpected') };
}

export function printFailure(screen: Screen, error: unknown, json: boolean): void {
  const report = reportOf(error);
  if (json) {
    screen.out(`${asJson({ error: report })}\n`);
  } else {
    screen.err(
      `${paint(screen, 'bad', 'refused')} ${report.code}\n  ${typed(report.message)}\n  remedy: ${typed(report.remedy)}\n`,
    );
  }
  if (process.env['FIREBREAK_DEBUG'] && error instanceof Error) screen.err(`${error.stack ?? ''}\n`);
}
