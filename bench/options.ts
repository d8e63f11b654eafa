import { parseArgs } from 'node:util';

export type Options = {
  /** Names of measures; empty means all. */
  readonly only: readonly string[];
  readonly json: string | undefined;
  readonly runs: number | undefined;
  readonly write: boolean;
};

const RUNS_MAX = 1_000;

/** A mistake in what was typed; the message says what would be right. */
export class UsageError extends Error {}

export const usage = (names: readonly string[]): string =>
  [
    'usage: npm run bench -- [--only <measure>]... [--runs N] [--json FILE] [--write]',
    `  --only   one of: ${names.join(', ')}; may be given several times`,
    '  --runs   repetitions, instead of each measure’s own number',
    '  --json   where the figures go instead of reports/bench.json',
    '  --write  also into docs/benchmarks.md; all measures, their own numbers of repetitions',
  ].join('\n');

/** Throws UsageError. */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { only = [], json, runs, write = false } = parse(args);
  for (const name of only) {
    if (!names.includes(name)) throw new UsageError(`there is no measure "${name}"; there are ${names.join(', ')}`);
  }
  if (runs !== undefined && !/^[1-9]\d{0,3}$/.test(runs))
    throw new UsageError(`--runs is a whole number from 1 to ${RUNS_MAX}, not "${runs}"`);
  if (write && (only.length > 0 || runs !== undefined))
    throw new UsageError('--write is for the whole table: leave --only and --runs out');
  const count = runs === undefined ? undefined : Number(runs);
  if (count !== undefined && count > RUNS_MAX) throw new UsageError(`--runs is at most ${RUNS_MAX}`);
  return { only, json, runs: count, write };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        json: { type: 'string' },
        runs: { type: 'string' },
        write: { type: 'boolean' },
      },
      strict: true,
      allowPositionals: false,
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
