import process from 'node:process';
import { ToolchainFailure } from './failure.mjs';
import { lastLines } from './log.mjs';

const REDRAW_MS = 1_000;
const PLAIN_REPORT_MS = 30_000;
const SHOWN_LINES = 20;

/**
 * @typedef {object} Step
 * @property {(note: string) => void} note what it is busy with
 * @property {(done: number, total: number) => void} count
 * @property {(summary: string) => void} done what the finished line says
 *
 * @typedef {object} Progress
 * @property {<T>(title: string, work: (step: Step) => Promise<T>) => Promise<T | undefined>} step
 *   undefined when the work failed in an expected way (ToolchainFailure), which is then already shown; a bug is thrown on
 * @property {(line: string) => void} say
 * @property {() => number} failures how many steps failed so far
 */

/**
 * One line per step with elapsed time. On a terminal the running line redraws itself; elsewhere (a CI log) a long step reports every
 * half minute. A failed step shows the end of its log and where the whole log is.
 *
 * @param {{ stream?: NodeJS.WriteStream, live?: boolean }} [options]
 * @returns {Progress}
 */
export function createProgress({ stream = process.stderr, live = Boolean(stream.isTTY) } = {}) {
  let failures = 0;
  const say = (/** @type {string} */ line) => stream.write(`${line}\n`);
  /** Of the steps that run now: on a terminal they share the last line. @type {Set<() => string>} */
  const now = new Set();

  return {
    say,
    failures: () => failures,
    async step(title, work) {
      const started = Date.now();
      let note = '';
      let summary = '';
      const running = () => `… ${title}${note && `  ${note}`}  ${elapsed(started)}`;
      now.add(running);
      const draw = () => {
        const line = [...now].map((each) => each()).join('  ');
        stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 100) - 1)}`);
      };
      const timer = live ? setInterval(draw, REDRAW_MS) : setInterval(() => say(running()), PLAIN_REPORT_MS);
      const close = (/** @type {string} */ line) => {
        clearInterval(timer);
        now.delete(running);
        say(live ? `\r\x1b[K${line}` : line);
      };
      if (live) draw();

      try {
        const result = await work({
          note: (text) => {
            note = text;
          },
          count: (done, total) => {
            note = `${Math.min(done, total)} of ${total}`;
          },
          done: (text) => {
            summary = text;
          },
        });
        close(`✔ ${title}${summary && `  ${summary}`}  ${elapsed(started)}`);
        return result;
      } catch (error) {
        failures += 1;
        close(`✘ ${title}  ${elapsed(started)}`);
        if (!(error instanceof ToolchainFailure)) throw error;
        describeFailure(error).forEach(say);
        return undefined;
      }
    },
  };
}

/** @param {ToolchainFailure} failure */
function describeFailure(failure) {
  const lines = [`  ${failure.message} (${failure.code})`];
  if (failure.log) {
    lines.push(...lastLines(failure.log, SHOWN_LINES).map((line) => `  │ ${line}`));
    lines.push(`  the whole log: ${failure.log}`);
  }
  lines.push(`  ${failure.remedy}`);
  return lines;
}

/** @param {number} started milliseconds since the epoch */
export function elapsed(started) {
  const seconds = Math.round((Date.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
