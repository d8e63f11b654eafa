import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';

/** `blame show|verify`: the second needs nothing but the file and the pinned network. */
export function addBlame(parent: Command, runtime: Runtime): void {
  const blame = parent.command('blame').description('who is at fault in a ceremony, by what they signed themselves');
  blame
    .command('show <id>')
    .description('the faults that a process proved, by its name or that of its ceremony')
    .option('--out <folder>', 'write each proof to a file there, for whoever must be convinced')
    .action(
      verb<{ out?: string }>(runtime, async (options, id = '') => (await import('./show.ts')).showBlame(options, id)),
    );
  blame
    .command('verify <proof>')
    .description('check a proof offline, starting from the pinned network alone')
    .option('--network <file>', 'the pinned network file, when there is no data folder on this machine')
    .action(
      verb<{ network?: string }>(runtime, async (options, file = '') =>
        (await import('./verify.ts')).verifyProof(options, file),
      ),
    );
}
