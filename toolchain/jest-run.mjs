import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runCommand } from './command.mjs';
import { compileCacheFor } from './compile-cache.mjs';
import { node26Path } from './node26.mjs';
import { projectFolder } from './recipes.mjs';

/**
 * @typedef {object} JestProject
 * @property {string} name as in jest.config.mjs
 * @property {number} limitMs outer limit: a hung project must not hang the whole run
 * @property {number} width files at once: one where files start networks of processes or read what others wrote
 * @property {'computing' | 'live'} [lane] the two lanes go beside each other once the projects without one are through, each project after
 *   the one before it in its lane: a live network waits for its own clocks up to half of the time, and what only computes takes what is left
 *
 * @typedef {{ fullName: string, status: string, failureMessages?: string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: Assertion[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} JestReport
 */

const MINUTE_MS = 60_000;
/** What waits for live networks to end, each of them within its limit. */
const WAITING_MS = 150 * MINUTE_MS;
/** Whoever waits for the processor is not hung. */
const HUNG_MS = 60 * MINUTE_MS;
const SHOWN_CHARACTERS = 3_000;
/**
 * What computes leaves the processors to a live network beside it, whose clocks go on meanwhile. Where Linux shares them out by session, as it
 * does by default, a priority counts among the processes of a session only, and each validator has one of its own: the session yields, too.
 */
const YIELDING = 'echo 19 2>/dev/null > /proc/self/autogroup; exec nice -n 19 "$@"';

/** @type {readonly JestProject[]} */
export const jestProjects = [
  // Most of a workflow test is waiting for its Temporal server; storms among them bear no network of sixteen processes beside them.
  { name: 'workflow', limitMs: 45 * MINUTE_MS, width: 4 },
  { name: 'unit', limitMs: 25 * MINUTE_MS, width: 2 },
  { name: 'compliance', limitMs: 15 * MINUTE_MS, width: 2 },
  // Bound by nothing but the processor: on a slow machine they wait until the live networks are through.
  { name: 'replay', limitMs: WAITING_MS, width: 1, lane: 'computing' },
  { name: 'vectors', limitMs: WAITING_MS, width: 2, lane: 'computing' },
  { name: 'removals', limitMs: WAITING_MS, width: 2, lane: 'computing' },
  { name: 'end-to-end', limitMs: 45 * MINUTE_MS, width: 1, lane: 'live' },
  { name: 'faults', limitMs: 45 * MINUTE_MS, width: 1, lane: 'live' },
];

/** Unit tests that start processes, bundlers or checks of the whole tree: `npm test` runs them, the quick loop does not. */
export const slowUnitTests = [
  'api/server.test.ts',
  'cli/bad-input.test.ts',
  'cli/plugins/check.test.ts',
  'cli/waiting.test.ts',
  'devnet/committee.test.ts',
  'plugins/chain/bitcoin/two-nodes.test.ts',
  'plugins/chain/bitcoin/view.test.ts',
  'test/layout/bundle.test.ts',
  'test/layout/checks.test.ts',
  'test/layout/promtool.test.ts',
  'toolchain/validator-entry.test.ts',
  'validator/custody/agent.test.ts',
  'validator/custody/blame-signing.test.ts',
  'validator/custody/converging.test.ts',
  'validator/custody/grants.test.ts',
  'validator/custody/keygen-malice.test.ts',
  'validator/custody/locks.test.ts',
  'validator/custody/journal/pruning.test.ts',
  'validator/custody/p2p/host.test.ts',
  'validator/custody/p2p/roll-call.test.ts',
  'validator/custody/p2p/second-address.test.ts',
  'validator/custody/policy/policy.test.ts',
  'validator/custody/policy/sweep-coins.test.ts',
  'validator/custody/policy/sweep-late.test.ts',
  'validator/custody/policy/sweep.test.ts',
  'validator/custody/rotation.test.ts',
  'validator/custody/two-coordinators.test.ts',
  'validator/custody/signer/signer.test.ts',
  'validator/main.test.ts',
];

/**
 * Runs one jest project and counts from the report that jest itself writes.
 *
 * @param {JestProject} project
 * @param {Record<string, string>} environment the tools' paths
 * @param {import('./progress.mjs').Step} [step]
 * @param {readonly string[]} [without] patterns of files that are left out
 * @param {boolean} [yields] to whatever else runs on this machine
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runJest({ name, limitMs, width, lane }, environment, step, without = [], yields = false) {
  const started = Date.now();
  const report = path.join(projectFolder, 'reports', `jest-${name}.json`);
  const log = path.join(projectFolder, 'reports', `jest-${name}.log`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });

  let files = 0;
  const jest = path.join(projectFolder, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = [
    '--json',
    `--outputFile=${report}`,
    '--ci',
    '--forceExit',
    '--passWithNoTests',
    width === 1 ? '--runInBand' : `--maxWorkers=${width}`,
  ];
  if (lane === 'computing') flags.push(`--testTimeout=${HUNG_MS}`);
  if (without.length > 0) flags.push(`--testPathIgnorePatterns=/node_modules/|(${without.join('|')})`);
  const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const command = [node26Path(), ...nodeFlags, jest, '--selectProjects', name, ...flags];
  const isYielding = yields && process.platform !== 'win32';
  const [program = '', ...args] = isYielding ? ['sh', '-c', YIELDING, 'sh', ...command] : command;
  const outcome = await runCommand(program, args, {
    cwd: projectFolder,
    env: { ...compileCacheFor(process.env), ...environment },
    log,
    timeoutMs: limitMs,
    onLine: (line) => {
      const file = /^(?:PASS|FAIL) \S+ (\S+)/.exec(line)?.[1];
      if (file) step?.note(`${++files} files, last ${file}`);
    },
  });

  const tally = tallyReport(name, readReport(report));
  tally.durationMs = Date.now() - started;
  const unfinished = reasonUnfinished(outcome, tally, limitMs);
  if (unfinished) {
    tally.failed += 1;
    delete tally.remark;
    tally.problems.push(`${name}: ${unfinished}; the end of ${log}:\n${outcome.tail.slice(-20).join('\n')}`);
  }
  return tally;
}

/**
 * A run that ended badly without a failed test in its report is a failure of its own: it must not vanish.
 *
 * @param {import('./command.mjs').Outcome} outcome
 * @param {import('./tally.mjs').Tally} tally
 * @param {number} limitMs
 */
function reasonUnfinished({ code, timedOut }, tally, limitMs) {
  if (timedOut) return `stopped after ${limitMs / MINUTE_MS} min`;
  if (code !== 0 && tally.failed === 0) return `jest ended with ${code ?? 'a signal'} and reported no failure`;
  return undefined;
}

/**
 * @param {string} file
 * @returns {JestReport}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { testResults: [] }; // jest did not get as far; its exit code says so
  }
}

/**
 * @param {string} name
 * @param {JestReport} report
 * @returns {import('./tally.mjs').Tally}
 */
export function tallyReport(name, { testResults }) {
  /** @type {import('./tally.mjs').Tally} */
  const tally = { name, passed: 0, failed: 0, skipped: [], problems: [], durationMs: 0 };
  for (const file of testResults) {
    const place = path.relative(projectFolder, file.name);
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed') fail(tally, `${place}: ${fullName}`, failureMessages?.join('\n') ?? '');
      else tally.skipped.push(`${place}: ${fullName}`);
    }
    const ranNothing = file.status === 'failed' && !file.assertionResults.some((each) => each.status === 'failed');
    if (ranNothing) fail(tally, `${place} could not be run`, file.message);
  }
  if (testResults.length === 0) tally.remark = 'no test files yet';
  return tally;
}

/**
 * @param {import('./tally.mjs').Tally} tally
 * @param {string} title
 * @param {string} text
 */
function fail(tally, title, text) {
  tally.failed += 1;
  const ours = text.split('\n').filter((line) => !/^\s+at .*(node_modules|node:internal)/.test(line));
  tally.problems.push(`${title}\n${ours.join('\n').slice(0, SHOWN_CHARACTERS)}`);
}
