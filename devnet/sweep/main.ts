import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { secretsIn } from '../verdict/secrets.ts';
import { type SmallNetwork, VALIDATORS } from './small-network.ts';
import { reportOf } from './report.ts';
import { SweepState } from './state.ts';
import { countOf, SIZES, sweep, WAVES } from './sweep.ts';

const USAGE = `usage: npm run sweep -- [--max-minutes N] [--points N] [--lanes N] [--seed N] [--port-base N] [--state FILE] [--write] [--report]
  goes on where the last one ended; a full sweep has 2,000 points
  --lanes   networks side by side; each needs the ports of a devnet, 200 after the one before
  --state   what has been run, docs/crash-sweep.jsonl: commit it, and any machine goes on with it
  --write   at the end, what the state holds into docs/crash-sweep.md
  --report  that only, and no sweep`;
const PAGE = join(projectFolder, 'docs', 'crash-sweep.md');
const VOLLEYS_PER_NETWORK = 12;
/** There are more than seventeen hundred single kills, and a volley of pairs is many points at once. */
const PAIRS_EVERY = 6;
/** Two networks whose bases are this far apart do not meet. */
const PORTS_PER_LANE = 200;

const OPTIONS = {
  'max-minutes': { type: 'string', default: '30' },
  points: { type: 'string', default: '2000' },
  lanes: { type: 'string', default: '1' },
  seed: { type: 'string', default: '1' },
  'port-base': { type: 'string', default: '21000' },
  state: { type: 'string', default: join(projectFolder, 'docs', 'crash-sweep.jsonl') },
  write: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** A mistake in what was typed. */
class UsageError extends Error {}

function typed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

async function main(args: readonly string[]): Promise<number> {
  const values = typed(args);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const number = (name: 'max-minutes' | 'points' | 'lanes' | 'seed' | 'port-base'): number => {
    const value = Number(values[name]);
    if (!Number.isFinite(value) || value <= 0)
      throw new UsageError(`--${name} is a number above 0, not "${values[name]}"`);
    return value;
  };
  const [points, lanes, seed] = [number('points'), number('lanes'), number('seed')];
  const [portBase, minutes] = [number('port-base'), number('max-minutes')];
  const state = new SweepState(values.state);
  const write = (): void => {
    const told = Number(/^(\d+) points of/m.exec(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '')?.[1] ?? 0);
    if (countOf(state) < told)
      throw new UsageError(
        `${PAGE} tells of ${told} points and ${values.state} of ${countOf(state)}; remove the page to begin anew`,
      );
    writeFileSync(PAGE, reportOf(state, points).join('\n'));
  };
  if (values.report) {
    write();
    return 0;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const startedAt = new Date().toISOString();
  const deadlineMs = Date.now() + minutes * 60_000;
  state.add({ kind: 'session', seed, commit: commit(), cores: availableParallelism(), startedAt });
  const lane = (at: number): Promise<void> =>
    sweep(state, {
      seed,
      lane: at,
      portBase: portBase + at * PORTS_PER_LANE,
      deadlineMs,
      points,
      sizes: SIZES,
      waves: WAVES,
      volleysPerNetwork: VOLLEYS_PER_NETWORK,
      pairsEvery: PAIRS_EVERY,
      signal: stop.signal,
      say,
      judge: (net) => judge(state, net, say),
    });
  // A lane that fails does not leave the processes of the others behind.
  const ended = await Promise.allSettled(Array.from({ length: lanes }, (_unused, at) => lane(at)));
  for (const each of ended) if (each.status === 'rejected') say(String(each.reason));
  say(`${countOf(state)} points`);
  if (values.write) write();
  return ended.some(({ status }) => status === 'rejected') || state.isBroken() ? 1 : 0;
}

/** Whether anybody who saw everything that this network said could make up a share. */
async function judge(state: SweepState, { layout }: SmallNetwork, say: (line: string) => void): Promise<void> {
  const verdict = secretsIn(layout, VALIDATORS, 'regtest');
  state.add({ kind: 'verdict', ...verdict });
  say(`    ${JSON.stringify(verdict)}`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: projectFolder, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
