import type { Command } from 'commander';
import type { CommitteeOptions } from '../authority.ts';
import { type Runtime, verb } from '../runtime.ts';
import { connectWith, IDENTITY } from '../connecting.ts';
import type { HandOptions } from './hand.ts';
import type { KeyOptions } from './key.ts';
import type { ProposeOptions } from './propose.ts';
import type { SignEpochOptions } from './sign.ts';

export const NETWORK = [
  '--network <file>',
  'the pinned network file, when there is no data folder on this machine',
] as const;
export const CHAIN = [
  '--chain <file>',
  'every committee epoch after the pinned one; default: the pinned committee is the present one',
] as const;

/** `committee key|show|propose|sign|verify`: files only; `hand` gives a chain to the validators, with no coordinator. */
export function addCommittee(parent: Command, runtime: Runtime): void {
  const committee = parent
    .command('committee')
    .description('who may decide, and how one committee hands over to the next');
  committee
    .command('key')
    .description(
      "make a member's Ed25519 key, or read a key of any kind, and print its public half as a committee lists it",
    )
    .option(
      '--out <place>',
      'make a new key in this file, or in a token by a pkcs11: URI; a key that exists is never replaced',
    )
    .option('--show <place>', 'read the key of this file or pkcs11: URI instead')
    .action(verb<KeyOptions>(runtime, async (options) => (await import('./key.ts')).memberKey(options)));
  committee
    .command('show')
    .description('print the present committee, walked from the pinned one')
    .option('--out <file>', 'also write it, as a draft of the next one')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<CommitteeOptions & { out?: string }>(runtime, async (options) =>
        (await import('./show.ts')).showCommittee(options),
      ),
    );
  committee
    .command('propose <draft>')
    .description('write an unsigned hand-over to the committee of the draft; its epoch is filled in')
    .requiredOption('--reason <text>', 'why, in a sentence that members will read')
    .option('--out <file>', 'where to write it, default committee-<epoch>.json')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<ProposeOptions>(runtime, async (options, draft = '') =>
        (await import('./propose.ts')).proposeCommittee(draft, options),
      ),
    );
  committee
    .command('sign <file>')
    .description("add a member's signature to a hand-over, after showing who leaves and who comes")
    .requiredOption(
      '--key <key>',
      'key of a member or deputy of the present or the new committee: a file or a pkcs11: URI',
    )
    .option('--yes', 'sign without asking')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<SignEpochOptions>(runtime, async (options, file = '') =>
        (await import('./sign.ts')).signCommittee(runtime.screen, file, options),
      ),
    );
  committee
    .command('verify <file>')
    .description('check a signed hand-over as validators and verifiers do')
    .option('--out <file>', 'when it is valid, write the chain that ends with it')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<CommitteeOptions & { out?: string }>(runtime, async (options, file = '') =>
        (await import('./verify.ts')).verifyCommittee(file, options),
      ),
    );
  committee
    .command('hand <chain>')
    .description('hand every epoch since the pinned committee to one validator, which tells all others')
    .option('--to <validator>', 'for example validator-003; default: the first that answers')
    .option(...NETWORK)
    .option(...IDENTITY)
    .action(
      verb<HandOptions & { identity?: string }>(runtime, async (options, file = '') =>
        (await import('./hand.ts')).handEpochs(file, options, connectWith(options)),
      ),
    );
}
