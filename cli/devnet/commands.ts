import type { Command } from 'commander';
import { DATA_FOLDER } from '../operator.ts';
import { flags, runRoom } from '../room.ts';
import { program, type Runtime } from '../runtime.ts';

const DATA = ['--data <dir>', 'folder that holds everything of the network', DATA_FOLDER] as const;

/** `up` and `down` are the devnet's own program: it owns the processes, this tool only passes on what was typed. */
export function addDevnet(parent: Command, runtime: Runtime): void {
  parent
    .command('up')
    .description(
      'bring up a whole network on this machine, show a payout and an emergency through crashes of the coordinator, and stay up',
    )
    .option('--once', 'stop everything and exit after what is shown')
    .option(
      '--keystore <hsm|file|auto>',
      'who seals the key shares: SoftHSM2, sealed files, or whichever can be had',
      'auto',
    )
    .option('--port-base <n>', 'Temporal listens here, everything else on ports that follow from it; default 7233')
    .option('--no-kill', 'show it without killing anything')
    .option('--no-story', 'only bring the network up')
    .option('--no-emergency', "end after the payout: nobody starts a copy of a validator's folder")
    .option(...DATA)
    .action(
      program<Record<string, unknown>>(runtime, (options) =>
        runRoom('devnet/main.ts', ['up', ...flags(onlyChanged(options))]),
      ),
    );
  parent
    .command('down')
    .description('stop every process that `up` started, also after it crashed')
    .option(
      '--purge',
      'also delete the data folder: keys, journals, chain, workflows; at a terminal you are asked first',
    )
    .option('--yes', 'delete without asking')
    .option(...DATA)
    .action(
      program<Record<string, unknown>>(runtime, (options) => runRoom('devnet/main.ts', ['down', ...flags(options)])),
    );
  addChain(parent, runtime);
}

/** `devnet fund|mine`: what a real network gets from its users, for the one on this machine. */
function addChain(parent: Command, runtime: Runtime): void {
  const devnet = parent
    .command('devnet')
    .description('coins, blocks and thieves for a running devnet, and storms for one of their own');
  devnet
    .command('fund <vault>')
    .description("pay a vault from the devnet's faucet and mine blocks on top")
    .option('--amount <sats>', 'default: the deposit that its terms promise')
    .option('--blocks <n>', 'blocks to mine on top, default 6: as deep as a payout wants a deposit')
    .option(...DATA)
    .action(
      program<Record<string, unknown>>(runtime, (options, vault = '') =>
        runRoom('devnet/main.ts', ['fund', '--vault', vault, ...flags(options)]),
      ),
    );
  devnet
    .command('mine [blocks]')
    .description('mine blocks at once, default 1; a running devnet mines one every few seconds by itself')
    .option(...DATA)
    .action(
      program<Record<string, unknown>>(runtime, (options, blocks) =>
        runRoom('devnet/main.ts', ['mine', ...flags({ ...options, blocks })]),
      ),
    );
  addCopy(devnet, runtime);
  addTorture(devnet, runtime);
}

/** `devnet copy`: what somebody does who can read a validator's folder. */
function addCopy(devnet: Command, runtime: Runtime): void {
  devnet
    .command('copy <validator>')
    .description("take a copy of a running validator's folder and start a second process from it, as a thief would")
    .option('--stop', 'end the copy that runs')
    .option(...DATA)
    .action(
      program<Record<string, unknown>>(runtime, (options, validator = '') =>
        runRoom('devnet/main.ts', ['copy', '--validator', validator, ...flags(options)]),
      ),
    );
}

/** `devnet torture`: a network of its own, and everything that can happen to one. */
function addTorture(devnet: Command, runtime: Runtime): void {
  devnet
    .command('torture')
    .description(
      'bring up another network in a folder of its own, let a seeded schedule of faults and five hostile validators come over it while it pays out, and say whether anything was lost, spent twice or given away',
    )
    .option('--seed <n>', 'everything that happens follows from it')
    .option(
      '--seeds <from>..<to>',
      'one after the other; with --report it goes on where it stopped, and runs again what had a violation',
    )
    .option('--faults <n>', 'how many; default 44')
    .option('--payouts <n>', 'how many at least from the first fault on; default 30')
    .option('--port-base <n>', 'as for `up`; default 17233')
    .option('--report <file>', 'Markdown with a table of fault by phase; of a single seed also a picture beside it')
    .action(
      program<Record<string, unknown>>(runtime, (options) => runRoom('devnet/main.ts', ['torture', ...flags(options)])),
    );
}

const NEGATABLE: ReadonlySet<string> = new Set(['kill', 'story', 'emergency']);

/** `--no-kill` is stored as `kill: true` unless it was typed; the default needs no flag. */
function onlyChanged(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(options).filter(([key, value]) => !(NEGATABLE.has(key) && value === true)));
}
