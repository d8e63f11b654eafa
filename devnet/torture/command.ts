import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readWholeNumber } from '../../cli/duration.ts';
import { EXIT } from '../../cli/exit.ts';
import type { Outcome } from '../../cli/outcome.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { TortureOptions } from '../options.ts';
import { lostLine } from './measure.ts';
import { timelineLines, timelineSvg } from './picture.ts';
import { report } from './report.ts';
import { type Result, runSeed } from './run.ts';
import { FAULTS_DEFAULT } from './schedule.ts';
import { SIZE } from './storm.ts';
import { type Asked, repeat, type Summary, summaryOf } from './summary.ts';

const FAULTS_MAX = 500;
const PAYOUTS_MAX = 1_000;
const SEED_MAX = 1_000_000_000;
const SEEDS_MAX = 1_000;
/** Far from where a devnet of somebody who plays listens. */
const PORT_BASE = 17_233;
/** Where summaries of seeds are kept between runs of `--seeds`, beside the report. */
const KEPT = 'torture-seeds.json';

/** `devnet torture`: one seed, or those of a range that have not been run. Gives what was found; throws only when a network cannot be had. */
export async function torture(options: TortureOptions, say: (line: string) => void): Promise<Outcome> {
  const seeds = seedsOf(options);
  const kept = options.seeds === undefined || options.report === undefined ? undefined : keptBeside(options.report);
  const before = kept === undefined ? [] : readKept(kept);
  const summaries = new Map(before.map((each) => [each.seed, each]));
  const lines: string[] = [];
  // What had a violation is run again: it was mended, or it is to be seen once more.
  for (const seed of seeds.filter((each) => summaries.get(each)?.violations.length !== 0)) {
    say(`seed ${seed}`);
    const result = await oneSeed(seed, options, say);
    const summary = summaryOf(result, askedIn(options));
    summaries.set(seed, summary);
    lines.push(...linesOf(result, summary));
    if (kept !== undefined) {
      for (const line of lines.splice(0)) say(line);
      writeFileSync(kept, `${JSON.stringify([...summaries.values()], undefined, 1)}\n`);
    }
    if (options.report !== undefined) {
      writeFileSync(options.report, report([...summaries.values()]));
      const picture = options.report.replace(/\.md$/, '.svg');
      if (options.seeds === undefined) writeFileSync(picture, timelineSvg(result.ledger, `seed ${seed}`));
    }
  }
  const ran = [...summaries.values()].filter(({ seed }) => seeds.includes(seed));
  const bad = ran.filter(({ violations }) => violations.length > 0);
  const verdict =
    bad.length === 0
      ? [`${ran.length} of ${ran.length} seeds without a violation`]
      : bad.map(({ seed, violations }) => `seed ${seed}: ${violations.length} VIOLATIONS`);
  const [first] = bad;
  return {
    data: { seeds: ran },
    lines: [...lines, ...verdict],
    exitCode: first === undefined ? EXIT.done : EXIT.refused,
    ...(first === undefined ? {} : { next: repeat(first.seed, first.asked) }),
  };
}

const askedIn = ({ faults, payouts }: TortureOptions): Asked => ({
  ...(faults === undefined ? {} : { faults }),
  ...(payouts === undefined ? {} : { payouts }),
});

/** In a folder of its own, which stays when something was wrong. */
async function oneSeed(seed: number, options: TortureOptions, say: (line: string) => void): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), 'firebreak-torture-'));
  const stop = new AbortController();
  const startedAtMs = Date.now();
  const onSignal = (): void => stop.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  let bad = true;
  try {
    const result = await runSeed({
      seed,
      data: join(root, 'devnet'),
      portBase: options.portBase === undefined ? PORT_BASE : Number(options.portBase),
      faults: readWholeNumber(options.faults ?? String(FAULTS_DEFAULT), '--faults', 1, FAULTS_MAX),
      payouts: readWholeNumber(options.payouts ?? String(SIZE.payouts), '--payouts', 1, PAYOUTS_MAX),
      say: (line) => say(`  ${`+${((Date.now() - startedAtMs) / 1_000).toFixed(1)}`.padStart(7)} s  ${line}`),
      signal: stop.signal,
    });
    bad = result.findings.some(({ violations }) => violations.length > 0);
    return result;
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, onSignal);
    if (bad && !stop.signal.aborted) say(`everything that seed ${seed} left is in ${root}`);
    else rmSync(root, { recursive: true, force: true });
    // The load would ask a network that is gone for minutes.
    if (stop.signal.aborted) process.exit(EXIT.refused);
  }
}

function linesOf(
  { ledger, findings }: Result,
  { seed, asked, missed, faults, lost, violations }: Summary,
): readonly string[] {
  return [
    '',
    ...timelineLines(ledger),
    '',
    ...findings.flatMap(({ name, looked, violations: found }) => [
      `${found.length === 0 ? '✔' : '✘'} ${name} (${looked})`,
      ...found.map((each) => `    ${each}`),
    ]),
    `  ${faults} faults; ${lostLine(lost)}`,
    ...missed.map((each) => `  not done: ${each}`),
    ...(violations.length === 0 ? [] : [`repeat it: npm run firebreak -- ${repeat(seed, asked)}`]),
  ];
}

function seedsOf({ seed, seeds }: TortureOptions): readonly number[] {
  if ((seed === undefined) === (seeds === undefined))
    throw new FirebreakFailure('input.usage', 'give --seed <n> or --seeds <from>..<to>');
  if (seed !== undefined) return [readWholeNumber(seed, '--seed', 0, SEED_MAX)];
  const [from = '', to = '', ...rest] = (seeds ?? '').split('..');
  if (rest.length > 0 || to === '') throw new FirebreakFailure('input.usage', '--seeds is <from>..<to>');
  const first = readWholeNumber(from, '--seeds', 0, SEED_MAX);
  const last = readWholeNumber(to, '--seeds', first, first + SEEDS_MAX - 1);
  return Array.from({ length: last - first + 1 }, (_unused, index) => first + index);
}

function keptBeside(file: string): string {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  return join(folder, KEPT);
}

const readKept = (file: string): readonly Summary[] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly Summary[]) : [];
