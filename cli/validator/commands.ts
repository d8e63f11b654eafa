import type { Command } from 'commander';
import { leanNodeFlags } from '../../toolchain/lean-node.mjs';
import { validatorEntry } from '../../toolchain/validator-entry.mjs';
import { flags, runRoom } from '../room.ts';
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
  addJournal(validator, runtime);
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

/** What a folder must not forget; the agent of the folder is stopped meanwhile. */
function addJournal(validator: Command, runtime: Runtime): void {
  const journal = validator
    .command('journal')
    .description('what a validator must never contradict, from one copy of its folder to another');
  const CONFIG = ['--config <file>', 'the validator.toml of the folder'] as const;
  const OUT = ['--out <file>', 'a new file for the export'] as const;
  const run = (word: string) =>
    program<{ config?: string; out?: string }>(runtime, ({ config, out, json }, ...files) =>
      runRoom('validator/main.ts', [
        'journal',
        word,
        ...flags({ config, out, json }),
        ...files.filter((file) => file !== undefined),
      ]),
    );
  journal
    .command('export')
    .description('write locks, burnt nonces, watermarks and sums into a file; no secret is in it')
    .requiredOption(...CONFIG)
    .requiredOption(...OUT)
    .action(run('export'));
  journal
    .command('import <export>')
    .description(
      'add what another copy of this validator remembers; nothing is forgotten, and a contradiction changes nothing',
    )
    .requiredOption(...CONFIG)
    .action(run('import'));
  journal
    .command('merge <export> <other>')
    .description('one export that remembers what two do')
    .requiredOption(...OUT)
    .action(run('merge'));
  journal
    .command('check [export]')
    .description('read every row of the journal, and say whether it knows all that an export does')
    .requiredOption(...CONFIG)
    .action(run('check'));
}

/** The agent reads its own options. */
function restAfter(word: string): string[] {
  const at = process.argv.indexOf(word);
  return at < 0 ? [] : process.argv.slice(at + 1);
}
