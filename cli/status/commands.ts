import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';

export function addStatus(parent: Command, runtime: Runtime): void {
  parent
    .command('status')
    .description('who is up, who can sign, whether payouts are frozen, and which process waits for whom')
    .action(verb(runtime, async (options) => (await import('./status.ts')).status(options)));
}
