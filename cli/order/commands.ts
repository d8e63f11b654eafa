import type { Command } from 'commander';
import type { CommitteeOptions } from '../authority.ts';
import { CHAIN } from '../committee/commands.ts';
import { type Runtime, verb } from '../runtime.ts';
import type { MakeOrderOptions } from './make.ts';
import { connectWith, IDENTITY } from '../connecting.ts';
import type { SignOrderOptions } from './sign.ts';

type Where = CommitteeOptions & { readonly identity?: string };

const NETWORK = ['--network <file>', 'the pinned network file, when there is no data folder on this machine'] as const;

/** `order make|sign|send|show`: works with the workflow engine and every worker dead. */
export function addOrder(parent: Command, runtime: Runtime): void {
  const order = parent.command('order').description('freeze and lift: signed orders that every validator obeys');
  order
    .command('make <freeze|lift>')
    .description('write an unsigned order to a file; nothing happens in the network')
    .requiredOption('--reason <text>', 'why, in a sentence that members will read')
    .option('--for <duration>', 'how long the freeze lasts, or how long a lift may be presented', '24h')
    .option('--number <n>', 'the number of the order; asked from the validators when not given')
    .option(
      '--block <height:hash>',
      'of a lift: a block of the chain in which payouts go on, after a reorganisation that validators stopped at',
    )
    .option('--out <file>', 'where to write it, default order-<number>-<kind>.json')
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...IDENTITY)
    .action(
      verb<MakeOrderOptions & Where>(runtime, async (options, kind = '') =>
        (await import('./make.ts')).makeOrder(kind, options, connectWith(options)),
      ),
    );
  order
    .command('sign <file>')
    .description("add a member's signature, after showing what the order does and its digest")
    .requiredOption(
      '--key <key>',
      'key of a member or deputy, of any kind that `committee key --show` reads: a file or a pkcs11: URI',
    )
    .option('--yes', 'sign without asking')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<SignOrderOptions>(runtime, async (options, file = '') =>
        (await import('./sign.ts')).signOrder(runtime.screen, file, options),
      ),
    );
  order
    .command('send <file>')
    .description('hand a signed order to one validator, which tells all others')
    .option('--to <validator>', 'for example validator-003; default: the first that answers')
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...IDENTITY)
    .action(
      verb<Where & { to?: string }>(runtime, async (options, file = '') =>
        (await import('./send.ts')).sendOrder(file, options, connectWith(options)),
      ),
    );
  order
    .command('show <file>')
    .description('print an order and check it against the pinned network')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(verb<Where>(runtime, async (options, file = '') => (await import('./show.ts')).showOrder(file, options)));
}
