import type { ExitCode } from './exit.ts';

/**
 * What a verb hands back instead of printing: tests read it, `--json` prints `data`, people get `lines`.
 * `next` is the command to type now, without the leading `firebreak`.
 */
export type Outcome = {
  readonly data: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly next?: string;
  /** Omit for 0. */
  readonly exitCode?: ExitCode;
};
