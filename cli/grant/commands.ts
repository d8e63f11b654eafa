import type { Command } from 'commander';
import type { CommitteeOptions } from '../authority.ts';
import { connectWith, IDENTITY } from '../connecting.ts';
import { CHAIN, NETWORK } from '../committee/commands.ts';
import { type Runtime, verb } from '../runtime.ts';
import type { MakeGrantOptions } from './make.ts';
import type { SignGrantOptions } from './sign.ts';
import type { MakeUseOptions, SignUseOptions } from './use.ts';

type Where = CommitteeOptions & { readonly identity?: string };
const GRANT = ['--grant <file>', 'the break-glass authorisation that is used'] as const;

/** `grant make|sign|show|install|list`: permission to freeze, signed beforehand; `make-use|sign-use|use`: break-glass, with Temporal dead. */
export function addGrant(parent: Command, runtime: Runtime): void {
  const grant = parent.command('grant').description('standing orders and break-glass: bounded permission to freeze');
  grant
    .command('make')
    .description('write an unsigned standing order (--plan) or break-glass authorisation (--holder)')
    .requiredOption('--number <n>', 'tells grants of one committee apart')
    .requiredOption('--reason <text>', 'why, in a sentence that members will read')
    .option('--plan <digest>', 'standing order: the plan whose runs may freeze')
    .option('--holder <names...>', 'break-glass: members who may freeze')
    .option('--needed <n>', 'break-glass: how many of the holders must sign a use', '1')
    .option('--uses <n>', 'how often', '1')
    .option('--freeze-for <duration>', 'longest freeze of one use', '1h')
    .option('--valid-for <duration>', 'from now on, at most 90d', '30d')
    .option('--out <file>', 'where to write it')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(verb<MakeGrantOptions>(runtime, async (options) => (await import('./make.ts')).makeGrant(options)));
  grant
    .command('sign <file>')
    .description("add a member's signature, after showing what the grant allows")
    .requiredOption('--key <key>', 'key of a member or deputy: a file or a pkcs11: URI')
    .option('--yes', 'sign without asking')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<SignGrantOptions>(runtime, async (options, file = '') =>
        (await import('./sign.ts')).signGrant(runtime.screen, file, options),
      ),
    );
  grant
    .command('show <file>')
    .description('print a grant and whether it is in force now')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<CommitteeOptions>(runtime, async (options, file = '') =>
        (await import('./sign.ts')).showGrant(file, options),
      ),
    );
  grant
    .command('install <file>')
    .description('lay a standing order where playbooks of this network find it')
    .option(...CHAIN)
    .action(
      verb<CommitteeOptions>(runtime, async (options, file = '') =>
        (await import('./install.ts')).installPresent(file, options),
      ),
    );
  grant
    .command('list')
    .description('standing orders that are installed, and whether each is in force')
    .option(...CHAIN)
    .action(verb<CommitteeOptions>(runtime, async (options) => (await import('./install.ts')).listGrants(options)));
  addUse(grant, runtime);
}

function addUse(grant: Command, runtime: Runtime): void {
  grant
    .command('make-use <grant>')
    .description('write an unsigned use of break-glass to a file; nothing happens in the network')
    .option('--for <duration>', 'how long payouts stand still, default as long as the grant allows')
    .option('--after <n>', 'number of the last order; asked from the validators when not given')
    .option('--out <file>', 'where to write it, default use-<number>.json')
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...IDENTITY)
    .action(
      verb<MakeUseOptions & Where>(runtime, async (options, file = '') =>
        (await import('./use.ts')).makeUse(file, options, connectWith(options)),
      ),
    );
  grant
    .command('sign-use <file>')
    .description("add a holder's signature to a use, after showing what it stops")
    .requiredOption(...GRANT)
    .requiredOption('--key <key>', 'key of a holder: a file or a pkcs11: URI')
    .option('--yes', 'sign without asking')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<SignUseOptions>(runtime, async (options, file = '') =>
        (await import('./use.ts')).signUse(runtime.screen, file, options),
      ),
    );
  grant
    .command('use <file>')
    .description('hand a signed use to one validator, which tells all others')
    .requiredOption(...GRANT)
    .option('--to <validator>', 'for example validator-003; default: the first that answers')
    .option(...NETWORK)
    .option(...CHAIN)
    .option(...IDENTITY)
    .action(
      verb<Where & { grant: string; to?: string }>(runtime, async (options, file = '') =>
        (await import('./use.ts')).sendUse(file, options, connectWith(options)),
      ),
    );
}
