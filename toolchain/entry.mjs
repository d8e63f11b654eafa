import process from 'node:process';
import { ToolchainFailure } from './failure.mjs';

/** What a shell expects of a program that cannot even begin: the "not reachable" of the CLI's exit codes. */
export const EXIT_NOT_REACHABLE = 3;

/**
 * Runs the body of a toolchain command: its number is the exit code, an expected failure is printed without a stack.
 *
 * @param {() => Promise<number>} body
 */
export async function main(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    if (!(error instanceof ToolchainFailure)) throw error;
    process.stderr.write(`${error.message} (${error.code})\n${error.remedy}\n`);
    process.exitCode = EXIT_NOT_REACHABLE;
  }
}

/** Ends at the first Ctrl-C: commands run in groups of their own, and `exit` ends those that still run. */
export function endOnSignals() {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGHUP', () => process.exit(129));
}
