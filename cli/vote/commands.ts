import type { Command } from 'commander';
import { CHAIN, NETWORK } from '../committee/commands.ts';
import { aboutIncident } from '../incident/about.ts';
import { type Runtime, verb } from '../runtime.ts';
import type { ApproveOptions } from './approve.ts';
import type { FetchOptions } from './deliver.ts';
import type { ShowOptions } from './show.ts';
import type { TallyOptions } from './tally.ts';
import type { VerifyOptions } from './verify.ts';

const PLAYBOOK = ['--playbook <file>', 'the playbook that the member has reviewed; its plan is compiled here'] as const;
const CATALOGUE = ['--catalogue <file>', 'what the installation offers; default: the shipped catalogue'] as const;
const LIBRARY = ['--library <dir>', 'where sub-playbooks lie; default: the shipped playbooks'] as const;

/** `approve` and `vote show|tally|verify` need files only, so that a member can decide on a machine without network. */
export function addVote(parent: Command, runtime: Runtime): void {
  parent
    .command('approve <request>')
    .description("sign a member's answer to an exported vote request, after showing the action and its digest")
    .requiredOption(...PLAYBOOK)
    .requiredOption(
      '--key <key>',
      'key of a member or deputy: a file or a pkcs11: URI; it never leaves this machine or its token',
    )
    .option('--choice <choice>', 'approve, reject, abstain or push-back', 'approve')
    .option('--comment <text>', 'why; a push-back needs one, an approval has none')
    .option('--out <file>', 'where to write the vote, default vote-<member>-<step>-<beginning of the digest>.json')
    .option('--send', 'hand the vote to the run that asks for it; needs the data folder of the network')
    .option('--yes', 'sign without asking')
    .option(...CATALOGUE)
    .option(...LIBRARY)
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<ApproveOptions>(runtime, async (options, request = '') =>
        (await import('./approve.ts')).approve(runtime.screen, request, options),
      ),
    );
  const vote = parent.command('vote').description('what the committee is asked, and what it answered');
  vote
    .command('show <request>')
    .description('print a vote request in plain words and whether it is fit to sign')
    .option(...PLAYBOOK)
    .option(...CATALOGUE)
    .option(...LIBRARY)
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<ShowOptions>(runtime, async (options, request = '') =>
        (await import('./show.ts')).showRequest(request, options),
      ),
    );
  vote
    .command('tally <request>')
    .description('count votes; with a quorum, write the certificate that an executor checks alone')
    .requiredOption('--vote <files...>', 'the votes, one file each')
    .option('--out <file>', 'where to write the certificate')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<TallyOptions>(runtime, async (options, request = '') =>
        (await import('./tally.ts')).tallyVotes(request, options),
      ),
    );
  vote
    .command('verify <certificate>')
    .description('check a certificate as the executor does that is about to do what the request says')
    .requiredOption('--request <file>', 'the vote request')
    .option(...NETWORK)
    .option(...CHAIN)
    .action(
      verb<VerifyOptions>(runtime, async (options, certificate = '') =>
        (await import('./verify.ts')).verifyVotes(certificate, options),
      ),
    );
  vote
    .command('fetch <incident>')
    .description('write the request that is open in a run to a file')
    .requiredOption('--out <file>', 'where to write it')
    .option('--step <step>', 'the step, when several approvals are open')
    .action(
      verb(
        runtime,
        aboutIncident<FetchOptions>(async (options, id) => (await import('./deliver.ts')).fetchRequest(options, id)),
      ),
    );
  vote
    .command('send <vote>')
    .description('hand a signed vote to the run that it names')
    .action(verb(runtime, async (options, file = '') => (await import('./deliver.ts')).sendVote(options, file)));
}
