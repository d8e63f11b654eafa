import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';
import type { OpenVaultOptions } from './open.ts';
import type { ShowVaultOptions } from './show.ts';

export function addVault(parent: Command, runtime: Runtime): void {
  const vault = parent.command('vault').description('signed terms and the Taproot address that belongs to them');
  vault
    .command('open')
    .description("sign terms with the owner's key on this machine and register them with the validators")
    .option('--terms <file>', 'terms that the owner has signed already, instead of the options below')
    .option('--owner-key <file>', "the owner's BIP340 key, 64 hexadecimal characters")
    .option(
      '--release-public-key <hex>',
      'x-only key whose signature releases a payout, 64 hexadecimal characters; default: the owner',
    )
    .option('--pay-to <address>', 'the only address that a payout can go to')
    .option('--amount <sats>', 'deposit that is promised, in satoshis')
    .option('--deadline <blocks>', 'blocks from now after which a deposit is late', '1000')
    .option('--maximum-fee <sats>', 'most that a payout may cost', '20000')
    .option(
      '--refund-after <blocks>',
      'blocks from now, after the deadline, from which the owner alone can take the coins back',
    )
    .option('--purpose <text>', 'what the vault is for', 'custody')
    .option('--epoch <n>', 'key epoch; default: the newest active key')
    .option('--confirmations <n>', 'blocks on top of the deposit that count as confirmed, default 6')
    .option('--yes', 'sign and open without asking')
    .action(
      verb<OpenVaultOptions>(runtime, async (options) =>
        (await import('./open.ts')).openVault(runtime.screen, options),
      ),
    );
  vault
    .command('show [vault]')
    .description('the address, recomputed here; nothing is printed before enough validators vouch for it')
    .option('--terms <file>', 'the signed terms, instead of asking the network for them')
    .option('--certificate <file>', 'the certificate, with --statements: everything is checked offline')
    .option('--statements <file>', 'an exported vault evidence file; checked offline')
    .option('--network <file>', 'the pinned network file, when there is no data folder on this machine')
    .option('--no-qr', 'without the QR code')
    .action(verb<ShowVaultOptions>(runtime, async (options, id) => (await import('./show.ts')).showVault(options, id)));
  vault
    .command('list')
    .description('every vault and where its deposit stands')
    .action(verb(runtime, async (options) => (await import('./list.ts')).listVaults(options)));
}
