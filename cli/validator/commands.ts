import type { Command } from 'commander';
import { leanNodeFlags } from '../../toolchain/lean-node.mjs';
import { validatorEntry } from '../../toolchain/validator-entry.mjs';
import { runRoom } from '../room.ts';
import { program, type Runtime, verb } from '../runtime.ts';

/** `validator init|run` are the agent's own program; `status` asks a running one over HTTP. */
export function addValidator(parent: Command, runtime: Runtime): void {
  const validator = parent.command('validator').description('the agent that holds one key share');
  validator
    .command('init')
    .description(
      'write a good validator.toml and a host identity into the folder that --dir or --data names; --help lists its own options',
    )
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(program(runtime, () => runRoom('validator/main.ts', ['init', ...restAfter('init')])));
  validator
    .command('run')
    .description('run the agent in the foreground')
    .requiredOption('--config <file>', 'its validator.toml')
    .action(
      program<{ config: string }>(runtime, async ({ config }) =>
        runRoom(await validatorEntry(), ['run', '--config', config], leanNodeFlags),
      ),
    );
  validator
    .command('status [validator]')
    .description('what one agent, or each, says about itself')
    .option('--url <url>', 'ask this HTTP address instead of the data folder')
    .action(
      verb<{ url?: string }>(runtime, async (options, name) =>
        (await import('./status.ts')).validatorStatus(options, name),
      ),
    );
}

/** The agent reads its own options. */
function restAfter(word: string): string[] {
  const at = process.argv.indexOf(word);
  return at < 0 ? [] : process.argv.slice(at + 1);
}
