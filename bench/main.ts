import { join } from 'node:path';
import { awake } from '../telemetry/awake.ts';
import { projectFolder } from '../toolchain/recipes.mjs';
import { adversity } from './adversity.ts';
import { alerts } from './alerts.ts';
import { ceremonies } from './ceremonies.ts';
import { custody } from './custody.ts';
import { type Running, withRunningNetwork } from './devnet.ts';
import { firstStart } from './first-start.ts';
import { freeze } from './freeze.ts';
import { interpreter } from './interpreter.ts';
import { describeMachine, loadNow } from './machine.ts';
import type { Measure } from './measure.ts';
import { type Options, readOptions, usage, UsageError } from './options.ts';
import { exitCodeOf, type Outcome, outcomeOf } from './outcome.ts';
import { playbookTakeover } from './playbook-takeover.ts';
import { reportLines, writeJson, writePage } from './report.ts';
import { scanner } from './scanner.ts';
import { scenarios } from './scenarios.ts';
import { share } from './shared.ts';
import { takeover } from './takeover.ts';
import { threshold } from './threshold.ts';
import { validators } from './validators.ts';
import { votes } from './votes.ts';

/** In this order: what needs a quiet machine comes before what leaves it warm. */
const MEASURES: readonly Measure[] = [
  scanner,
  threshold,
  adversity,
  scenarios,
  validators,
  interpreter,
  votes,
  alerts,
  ceremonies,
  custody,
  freeze,
  takeover,
  playbookTakeover,
  firstStart,
];

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function bench({ only, json, runs, write: toPage }: Options): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      write(`${name}: stopping`);
      stop.abort();
    });
  }
  const machine = await describeMachine();
  const outcomes: Outcome[] = [];
  const say = (line: string): void => write(`    ${line}`);
  const { signal } = stop;
  const shared = share<Running>((work) => withRunningNetwork({ say, signal }, work));
  try {
    for (const measure of MEASURES) {
      if (only.length > 0 && !only.includes(measure.name)) continue;
      // Nobody else is to be disturbed by sixteen validators that wait.
      if (measure.sharesNetwork === undefined) await shared.close();
      write(`- ${measure.name} ...`);
      outcomes.push(await outcomeOf(measure, { runs, say, signal, network: shared.open }, loadNow));
    }
  } finally {
    await shared.close();
  }
  const report = { machine, outcomes };
  for (const line of reportLines(report)) write(line);
  writeJson(json ?? join(projectFolder, 'reports', 'bench.json'), report);
  // Half a table would replace a whole one.
  if (toPage && !stop.signal.aborted) writePage(join(projectFolder, 'docs', 'benchmarks.md'), report);
  return exitCodeOf(outcomes);
}

/** 0 everything was measured, targets met or missed · 1 something could not be measured · 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const names = MEASURES.map(({ name }) => name);
  try {
    return await bench(readOptions(args, names));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n${usage(names)}\n`);
    return 2;
  }
}

process.exitCode = await awake(main(process.argv.slice(2)));
