import type { Command } from 'commander';
import { PLUGIN_KINDS } from '../../domain/plugin/manifest.ts';
import { type Runtime, verb } from '../runtime.ts';

export function addPlugins(parent: Command, runtime: Runtime): void {
  const plugins = parent.command('plugins').description('everything that touches the outside');
  plugins
    .command('list')
    .description('built-in plug-ins, their kinds and what they can do')
    .action(verb(runtime, async () => (await import('./list.ts')).listPlugins()));
  plugins
    .command('check <package>')
    .description(
      'load a plug-in by package name or path as a configuration would, and check its manifest; nothing is created',
    )
    .requiredOption('--kind <kind>', PLUGIN_KINDS.join(', '))
    .action(
      verb<{ kind: string }>(runtime, async (options, name = '') =>
        (await import('./check.ts')).checkPlugin(name, options),
      ),
    );
}
