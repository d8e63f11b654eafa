import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';

export function addDoctor(parent: Command, runtime: Runtime): void {
  parent
    .command('doctor')
    .description('check tools, ports, folders, configuration and processes, each problem with its remedy')
    .option('--port-base <n>', 'the port base that `up` would use; default: as the network was made, else 7233')
    .action(verb<{ portBase?: string }>(runtime, async (options) => (await import('./doctor.ts')).doctor(options)));
}
