import { CommanderError } from 'commander';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { EXIT, exitCodeOf } from './exit.ts';
import { buildProgram } from './program.ts';
import { printFailure } from './report.ts';
import type { Runtime } from './runtime.ts';

/** Parses and runs one command line; every ending goes through `runtime.exit`. */
export async function runCommandLine(args: readonly string[], runtime: Runtime): Promise<void> {
  const json = args.includes('--json');
  try {
    await buildProgram(runtime).parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      printFailure(runtime.screen, error, json);
      runtime.exit(exitCodeOf(error));
      return;
    }
    if (error.exitCode === 0) return; // --help and --version have printed themselves
    if (error.code === 'commander.help') {
      runtime.exit(EXIT.usage); // a group without a verb has printed its help
      return;
    }
    printFailure(runtime.screen, new FirebreakFailure('input.usage', error.message.replace(/^error: /, '')), json);
    runtime.exit(EXIT.usage);
  }
}
