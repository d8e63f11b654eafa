import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';
import type { ListAlertsOptions } from './list.ts';

/** `alert list|show`: what was heard, what answers it, and why nothing else does. Reads Temporal only; no worker has to run. */
export function addAlert(parent: Command, runtime: Runtime): void {
  const alert = parent.command('alert').description('alerts that were recorded, and what answers them');
  alert
    .command('list')
    .description('every recorded alert, newest first, with the playbook that answers it')
    .option('--limit <n>', 'at most this many', '50')
    .option('--unanswered', 'only those that no playbook answers')
    .action(verb<ListAlertsOptions>(runtime, async (options) => (await import('./list.ts')).listAlerts(options)));
  alert
    .command('show <alert>')
    .description('one alert with its labels, and for every playbook that does not answer it the reason')
    .action(
      verb<Record<never, never>>(runtime, async (options, id = '') =>
        (await import('./show.ts')).showAlert(options, id),
      ),
    );
}
