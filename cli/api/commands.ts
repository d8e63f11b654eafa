import type { Command } from 'commander';
import { flags, runRoom } from '../room.ts';
import { program, type Runtime } from '../runtime.ts';

/** `api init|run` are the api's own program; this tool only passes on what was typed. */
export function addApi(parent: Command, runtime: Runtime): void {
  const api = parent.command('api').description('the process that alerts are delivered to');
  api
    .command('init')
    .description('write a good api.toml and a fresh secret for each of its sources')
    .option('--dir <dir>', 'folder to write into', '.')
    .option('--network <name>', 'the network that the sources may speak for', 'laptop')
    .option('--temporal <address>', 'host:port of Temporal', '127.0.0.1:7233')
    .option('--playbooks <dir>', 'folder of playbooks with catalogue.yaml; default: those that ship with this tool')
    .action(
      program<InitApiOptions>(runtime, ({ dir, network, temporal, playbooks }) =>
        runRoom('api/main.ts', ['init', ...flags({ dir, network, temporal, playbooks })]),
      ),
    );
  api
    .command('run')
    .description('take alerts in the foreground')
    .requiredOption('--config <file>', 'its api.toml')
    .action(program<{ config: string }>(runtime, ({ config }) => runRoom('api/main.ts', ['run', '--config', config])));
}

type InitApiOptions = {
  readonly dir: string;
  readonly network: string;
  readonly temporal: string;
  readonly playbooks?: string;
};
