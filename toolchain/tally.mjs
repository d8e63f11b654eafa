/**
 * What one check or one jest project came to, counted from its own report.
 *
 * @typedef {object} Tally
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} skipped names
 * @property {string[]} problems one text per failure, as far as there is something to show
 * @property {number} durationMs
 * @property {string} [remark] for example that there are no test files yet
 */

/**
 * @param {readonly Tally[]} tallies
 * @param {{ strict: boolean }} rules strict: a skip is a failure with its name, because this machine promises to have everything
 * @returns {{ passed: number, failed: number, skipped: number, lines: string[], last: string }}
 */
export function summarise(tallies, { strict }) {
  const passed = sum(tallies.map((tally) => tally.passed));
  const skips = tallies.flatMap((tally) => tally.skipped.map((name) => `${tally.name}: ${name}`));
  const failed = sum(tallies.map((tally) => tally.failed)) + (strict ? skips.length : 0);
  const skipped = strict ? 0 : skips.length;
  const width = Math.max(...tallies.map((tally) => tally.name.length), 4);
  const lines = tallies.map((tally) => row(tally, width));
  if (skips.length > 0)
    lines.push(
      '',
      strict ? 'Failed because nothing may be skipped here:' : 'Skipped:',
      ...skips.map((name) => `  ${name}`),
    );
  return {
    passed,
    failed,
    skipped,
    lines,
    last: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  };
}

/**
 * @param {Tally} tally
 * @param {number} width
 */
function row({ name, passed, failed, skipped, durationMs, remark }, width) {
  const counts = [
    `${passed} passed`,
    failed > 0 && `${failed} failed`,
    skipped.length > 0 && `${skipped.length} skipped`,
  ];
  const text = remark ?? counts.filter(Boolean).join(', ');
  return `${failed > 0 ? '✘' : '✔'} ${name.padEnd(width)}  ${(durationMs / 1000).toFixed(1).padStart(6)} s  ${text}`;
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
