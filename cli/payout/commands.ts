import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';
import type { PayoutOptions } from './payout.ts';

export function addPayout(parent: Command, runtime: Runtime): void {
  parent
    .command('payout <vault>')
    .description("pay a vault's confirmed coins to its recorded script, with a request signed by its release key")
    .option('--release-key <file>', "the vault's release key, 64 hexadecimal characters; it signs on this machine")
    .option('--request <file>', 'a release request that was signed elsewhere, instead of --release-key')
    .option('--fee <sats>', "the first fee; without it the middle of what the validators' own nodes estimate")
    .option(
      '--highest-fee <sats>',
      'a stuck payout goes up by doubled fees to this one; without it to eight times the first fee, within the terms; the first fee itself: no other one',
    )
    .option('--for <duration>', 'how long the request may be carried', '24h')
    .option('--confirmations <n>', 'blocks on top of deposit and payout that count as settled', '6')
    .option('--yes', 'sign and pay without asking')
    .option('--no-wait', 'return when the process has started')
    .action(
      verb<PayoutOptions>(runtime, async (options, vault = '') =>
        (await import('./payout.ts')).payout(runtime.screen, options, vault),
      ),
    );
}
