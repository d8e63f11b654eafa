import type { Command } from 'commander';
import { runRoom } from '../room.ts';
import { program, type Runtime } from '../runtime.ts';

/** `watchdog run` is the watchdog's own program; this tool only passes on what was typed. */
export function addWatchdog(parent: Command, runtime: Runtime): void {
  const watchdog = parent.command('watchdog').description('the process that pages when the platform itself is gone');
  watchdog
    .command('run')
    .description('look at Temporal, the apis, the workers and the open incidents, and page by itself')
    .requiredOption('--config <file>', 'its watchdog.toml')
    .action(
      program<{ config: string }>(runtime, ({ config }) => runRoom('watchdog/main.ts', ['run', '--config', config])),
    );
}
