import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';

export function addCeremony(parent: Command, runtime: Runtime): void {
  const ceremony = parent
    .command('ceremony')
    .description('key generations and signing sessions, and the proof they leave');
  ceremony
    .command('list')
    .description('every process of this network and where it stands')
    .option('--limit <n>', 'at most this many, newest first', '50')
    .action(verb<{ limit: string }>(runtime, async (options) => (await import('./list.ts')).listCeremonies(options)));
  ceremony
    .command('show <id>')
    .description('one process: where it stands, who must act, what happened')
    .action(verb(runtime, async (options, id = '') => (await import('./show.ts')).showCeremony(options, id)));
  ceremony
    .command('evidence <id>')
    .description(
      'export the whole public transcript: envelopes, commitments, partial signatures, certificate, transaction',
    )
    .option('--out <file>', 'write it to a file instead of the screen')
    .action(
      verb<{ out?: string }>(runtime, async (options, id = '') =>
        (await import('./evidence.ts')).exportEvidence(options, id),
      ),
    );
  ceremony
    .command('verify <file>')
    .description('check an exported transcript offline, starting from the pinned network alone')
    .option('--network <file>', 'the pinned network file, when there is no data folder on this machine')
    .action(
      verb<{ network?: string }>(runtime, async (options, file = '') =>
        (await import('./verify.ts')).verifyFile(options, file),
      ),
    );
  ceremony
    .command('psbt <file>')
    .description('the payout of an exported transcript as a PSBT (base64), for a look with any wallet')
    .option('--network <file>', 'the pinned network file, when there is no data folder on this machine')
    .action(
      verb<{ network?: string }>(runtime, async (options, file = '') =>
        (await import('./psbt.ts')).showPsbt(options, file),
      ),
    );
}
