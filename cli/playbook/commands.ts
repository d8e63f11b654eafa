import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';
import type { PlanOptions } from './plan.ts';
import type { RunOptions } from './run.ts';
import type { SignPlaybookOptions } from './sign.ts';
import type { PlaybookOptions } from './sources.ts';

const CATALOGUE = ['--catalogue <file>', 'what the installation offers; default: the shipped catalogue'] as const;
const NETWORK = ['--network <file>', 'the pinned network file, whose committee must be able to approve'] as const;
const CHAIN = ['--chain <file>', 'committee epochs after the pinned one'] as const;
const LIBRARY = ['--library <dir>', 'where sub-playbooks lie; default: the shipped playbooks'] as const;

/** `playbook validate|plan|diff|sign`: work on any machine, need no network. */
export function addPlaybook(parent: Command, runtime: Runtime): void {
  const playbook = parent
    .command('playbook')
    .description('response plans: check and rehearse them before they are needed');
  playbook
    .command('validate <file>')
    .description('check a playbook as it is checked before every run; each problem with file, line, column and remedy')
    .option(...CATALOGUE)
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...LIBRARY)
    .action(
      verb<PlaybookOptions>(runtime, async (options, file = '') =>
        (await import('./validate.ts')).validatePlaybook(file, options),
      ),
    );
  playbook
    .command('plan <file>')
    .description(
      'print what a run with these inputs would do, in order, as far as it is known before the run; nothing is changed',
    )
    .option(
      '--input <name=value>',
      'one input, repeated for each; lists as 1,2,3',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option(...CATALOGUE)
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...LIBRARY)
    .action(
      verb<PlanOptions>(runtime, async (options, file = '') => (await import('./plan.ts')).planPlaybook(file, options)),
    );
  playbook
    .command('diff <before> <after>')
    .description('say whether two playbooks mean the same, and where they do not')
    .option(...CATALOGUE)
    .option(...LIBRARY)
    .action(
      verb<PlaybookOptions>(runtime, async (options, before = '', after = '') =>
        (await import('./diff.ts')).diffPlaybooks(before, after, options),
      ),
    );
  playbook
    .command('sign <file>')
    .description("add a member's signature beside the playbook, over the plan that this machine compiles from it")
    .requiredOption('--key <key>', "the member's key: a file or a pkcs11: URI")
    .option('--yes', 'sign without asking')
    .option(...CATALOGUE)
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...LIBRARY)
    .action(
      verb<SignPlaybookOptions>(runtime, async (options, file = '') =>
        (await import('./sign.ts')).signPlaybook(runtime.screen, file, options),
      ),
    );
  playbook
    .command('run <file>')
    .description(
      'open an incident that runs this playbook; outside development its plan has to be signed by the committee',
    )
    .option('--input <name=value>', 'one input, repeated for each; name=@file hands a document over', collect, [])
    .option('--order <file>', 'a signed order that a step may need, repeated for each', collect, [])
    .option('--title <text>', 'what the incident is called, default: the title of the playbook')
    .option('--key <name>', 'name of the incident, default: playbook and time')
    .option('--wait', 'wait until it is over, and say each time it moves on')
    .option('--yes', 'run it without asking')
    .option(...CATALOGUE)
    .option(...CHAIN)
    .option(...LIBRARY)
    .action(
      verb<RunOptions>(runtime, async (options, file = '') =>
        (await import('./run.ts')).runPlaybookFile(runtime.screen, file, options),
      ),
    );
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
