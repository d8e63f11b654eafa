import type { Command } from 'commander';
import { typedIn } from './carrying.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit.ts';
import { DATA_FOLDER } from './operator.ts';
import type { Outcome } from './outcome.ts';
import { carry, printFailure, printOutcome } from './report.ts';
import { type Screen, terminal } from './screen.ts';

/** What a verb may touch of the process around it. */
export type Runtime = { readonly screen: Screen; readonly exit: (code: ExitCode) => void };

export const processRuntime = (): Runtime => ({
  screen: terminal(),
  exit: (code) => {
    process.exitCode = code;
  },
});

/** Every verb has these; commander merges them with its own. */
export type CommonOptions = { readonly data: string; readonly json?: boolean };

type Work<Options> = (options: Options & CommonOptions, ...args: string[]) => Promise<Outcome> | Outcome;

/**
 * Wraps a verb: its outcome is printed, what it throws becomes code, sentence and remedy, and the exit code is set.
 * Commander calls it with the arguments, then the options, then the command.
 */
export function verb<Options>(runtime: Runtime, work: Work<Options>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals() as Options & CommonOptions;
    const json = options.json === true;
    carry(typedIn(command, DATA_FOLDER));
    try {
      const outcome = await work(options, ...(given.slice(0, -2) as string[]));
      printOutcome(runtime.screen, outcome, json);
      runtime.exit(outcome.exitCode ?? EXIT.done);
    } catch (error) {
      printFailure(runtime.screen, error, json);
      runtime.exit(exitCodeOf(error));
    }
  };
}

/** A verb that is another room's program: it prints for itself and its exit code is ours. */
export function program<Options>(
  runtime: Runtime,
  work: (options: Options & CommonOptions, ...args: (string | undefined)[]) => Promise<ExitCode>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals() as Options & CommonOptions;
    carry(typedIn(command, DATA_FOLDER));
    try {
      runtime.exit(await work(options, ...(given.slice(0, -2) as (string | undefined)[])));
    } catch (error) {
      printFailure(runtime.screen, error, options.json === true);
      runtime.exit(exitCodeOf(error));
    }
  };
}
