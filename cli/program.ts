import { Command } from 'commander';
import { addAlert } from './alert/commands.ts';
import { addApi } from './api/commands.ts';
import { addBlame } from './blame/commands.ts';
import { addCeremony } from './ceremony/commands.ts';
import { addCommittee } from './committee/commands.ts';
import { addDevnet } from './devnet/commands.ts';
import { addDoctor } from './doctor/commands.ts';
import { addEvidence } from './evidence/commands.ts';
import { addGrant } from './grant/commands.ts';
import { addIncident } from './incident/commands.ts';
import { addKey } from './key/commands.ts';
import { DATA_FOLDER } from './operator.ts';
import { addOrder } from './order/commands.ts';
import { addPayout } from './payout/commands.ts';
import { addPlaybook } from './playbook/commands.ts';
import { addPlugins } from './plugins/commands.ts';
import { PROGRAM } from './report.ts';
import { processRuntime, type Runtime } from './runtime.ts';
import { addStatus } from './status/commands.ts';
import { addValidator } from './validator/commands.ts';
import { addVault } from './vault/commands.ts';
import { addVote } from './vote/commands.ts';
import { addWatchdog } from './watchdog/commands.ts';

/**
 * The whole command tree, without running anything: a verb's code is loaded when it is called, and the generated
 * reference reads names, options and descriptions from here.
 */
export function buildProgram(runtime: Runtime = processRuntime()): Command {
  const program = new Command(PROGRAM)
    .description('emergency response for validator networks and threshold custody')
    .exitOverride()
    .configureOutput({ writeOut: runtime.screen.out, writeErr: runtime.screen.err, outputError: () => undefined });
  addDevnet(program, runtime);
  addStatus(program, runtime);
  addDoctor(program, runtime);
  addKey(program, runtime);
  addVault(program, runtime);
  addPayout(program, runtime);
  addOrder(program, runtime);
  addGrant(program, runtime);
  addCommittee(program, runtime);
  addVote(program, runtime);
  addIncident(program, runtime);
  addEvidence(program, runtime);
  addCeremony(program, runtime);
  addBlame(program, runtime);
  addValidator(program, runtime);
  addPlaybook(program, runtime);
  addAlert(program, runtime);
  addApi(program, runtime);
  addWatchdog(program, runtime);
  addPlugins(program, runtime);
  for (const command of everyCommand(program)) settle(command, runtime);
  return program;
}

/** Depth first, the program itself included. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** What holds for every command: its usage errors are ours to print, and every verb speaks JSON. */
function settle(command: Command, runtime: Runtime): void {
  command.exitOverride().configureOutput({
    writeOut: runtime.screen.out,
    writeErr: runtime.screen.err,
    outputError: () => undefined,
  });
  command.showSuggestionAfterError(true);
  if (command.commands.length > 0) return;
  command.option('--json', 'print one JSON object instead of lines');
  if (!command.options.some((option) => option.long === '--data')) {
    command.option('--data <dir>', 'data folder of the network', DATA_FOLDER);
  }
}
