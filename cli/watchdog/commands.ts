import type { Command } from 'commander';
import { flags, runRoom } from '../room.ts';
import { program, type Runtime } from '../runtime.ts';

/** `watchdog init|run` are the watchdog's own program; this tool only passes on what was typed. */
export function addWatchdog(parent: Command, runtime: Runtime): void {
  const watchdog = parent.command('watchdog').description('the process that pages when the platform itself is gone');
  watchdog
    .command('init')
    .description('write a good watchdog.toml with one channel and a fresh secret for it')
    .requiredOption('--webhook <url>', 'where pages are posted, signed; further channels are added in the file')
    .option('--dir <dir>', 'folder to write into', '.')
    .option('--network <name>', 'said in every page', 'laptop')
    .option('--environment <name>', 'outside production every page says that it is an exercise', 'production')
    .option('--temporal <address>', 'host:port of Temporal', '127.0.0.1:7233')
    .option('--api <url>', 'health and metrics of the api', 'http://127.0.0.1:9090')
    .action(
      program<InitWatchdogOptions>(runtime, ({ dir, network, environment, temporal, api, webhook }) =>
        runRoom('watchdog/main.ts', ['init', ...flags({ dir, network, environment, temporal, api, webhook })]),
      ),
    );
  watchdog
    .command('run')
    .description('look at Temporal, the apis, the workers and the open incidents, and page by itself')
    .requiredOption('--config <file>', 'its watchdog.toml')
    .action(
      program<{ config: string }>(runtime, ({ config }) => runRoom('watchdog/main.ts', ['run', '--config', config])),
    );
}

type InitWatchdogOptions = Readonly<Record<'dir' | 'network' | 'environment' | 'temporal' | 'api' | 'webhook', string>>;
