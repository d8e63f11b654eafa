import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';

export function addKey(parent: Command, runtime: Runtime): void {
  const key = parent.command('key').description('the threshold key of the network');
  key
    .command('generate')
    .description(
      'make the key of an epoch between all validators that are no spares, and wait until all have tested it',
    )
    .option('--epoch <n>', 'default: the first epoch that has no key')
    .option('--purpose <text>', 'what the key is for; all participants sign it', 'custody')
    .option('--yes', 'start without asking')
    .option('--no-wait', 'return when the process has started')
    .action(
      verb<never>(runtime, async (options) => (await import('./generate.ts')).generateKey(runtime.screen, options)),
    );
  key
    .command('list')
    .description('every epoch and where its key stands')
    .action(verb(runtime, async (options) => (await import('./list.ts')).listKeys(options)));
  key
    .command('show [epoch]')
    .description("the certificate of an epoch's key, checked against the pinned network; default: the newest")
    .option('--out <file>', 'also write the certificate to a file')
    .action(
      verb<{ out?: string }>(runtime, async (options, epoch) => (await import('./show.ts')).showKey(options, epoch)),
    );
}
