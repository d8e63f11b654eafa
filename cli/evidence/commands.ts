import type { Command } from 'commander';
import { connectWith } from '../connecting.ts';
import { aboutIncident } from '../incident/about.ts';
import { type Runtime, verb } from '../runtime.ts';
import type { ExportOptions } from './export.ts';
import type { VerifyOptions } from './verify.ts';

/** `evidence export|verify`: the second needs nothing but the file and the pinned network. */
export function addEvidence(parent: Command, runtime: Runtime): void {
  const evidence = parent.command('evidence').description('what happened in an incident, for whoever was not there');
  evidence
    .command('export <incident>')
    .description('write all records of an incident, and the documents that prove them, to one file')
    .requiredOption('--out <file>', 'where to write it')
    .option('--sign', 'ask validators here and now to sign what is written, instead of taking the newest signed head')
    .option('--from-store', 'without the workflow engine: look for the newest signed head in the blob folder')
    .action(
      verb<ExportOptions>(runtime, async (options, given = '') => {
        const write = async (_options: ExportOptions, id: string) =>
          (await import('./export.ts')).exportEvidence(options, id, connectWith(options));
        // Without the engine nobody knows which key the beginning belongs to.
        return options.fromStore === true ? write(options, given) : aboutIncident(write)(options, given);
      }),
    );
  evidence
    .command('verify <file>')
    .description(
      'check everything again offline, and print the timeline, the final state and the times beside their targets',
    )
    .option('--network <file>', 'the pinned network file, when there is no data folder on this machine')
    .option('--open', 'accept evidence of an incident that was not closed when it was exported')
    .action(
      verb<VerifyOptions>(runtime, async (options, file = '') =>
        (await import('./verify.ts')).verifyFile(options, file),
      ),
    );
}
