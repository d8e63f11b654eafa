import { runCommand } from './command.mjs';
import { pool } from './pool.mjs';
import { projectFolder } from './recipes.mjs';

const CHECK_LIMIT_MS = 3 * 60_000;
const SHOWN_LINES = 60;
const WIDTH_MAX = 2;

/**
 * Runs the static checks side by side; each counts as one test.
 *
 * @param {readonly import('./static-checks.mjs').StaticCheck[]} checks
 * @param {(tally: import('./tally.mjs').Tally) => void} [onTally] called as each one ends
 * @param {number} [width] how many at a time
 * @returns {Promise<import('./tally.mjs').Tally[]>}
 */
export const runStatic = (checks, onTally, width = WIDTH_MAX) =>
  pool(checks, width, async (each) => {
    const tally = await runOne(each);
    onTally?.(tally);
    return tally;
  });

/**
 * @param {import('./static-checks.mjs').StaticCheck} check
 * @param {string} [tree]
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runOne({ name, file, args, advice }, tree = projectFolder) {
  const started = Date.now();
  const { code, timedOut, tail } = await runCommand(file, args, {
    cwd: tree,
    timeoutMs: CHECK_LIMIT_MS,
    env: { NO_COLOR: '1' },
  });
  const durationMs = Date.now() - started;
  if (code === 0) return { name, passed: 1, failed: 0, skipped: [], problems: [], durationMs };
  const text = [timedOut ? 'took too long' : '', ...tail.slice(-SHOWN_LINES), `→ ${advice}`].filter(Boolean).join('\n');
  return { name, passed: 0, failed: 1, skipped: [], problems: [`${name}\n${text}`], durationMs };
}
