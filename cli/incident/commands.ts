import type { Command } from 'commander';
import { type Runtime, verb } from '../runtime.ts';
import { aboutIncident } from './about.ts';
import type { DecideOptions } from './decide.ts';
import type { AnswerOptions } from './hand.ts';
import type { SeverityOptions } from './severity.ts';
import type { ShowOptions } from './show.ts';
import type { NoteOptions, RoleOptions } from './tell.ts';
import type { WatchOptions } from './watch.ts';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `incident …`: what people do while an incident is open. */
export function addIncident(parent: Command, runtime: Runtime): void {
  const incident = parent.command('incident').description('incidents and the runs of their playbooks');
  incident
    .command('list')
    .description('every incident of this network, newest first')
    .option('--limit <n>', 'at most this many', '50')
    .action(verb<{ limit: string }>(runtime, async (options) => (await import('./list.ts')).listIncidents(options)));
  incident
    .command('show <incident>')
    .description('where an incident stands, who must act next and by when, and what can be undone')
    .option(
      '--timeline',
      'everything that happened: its timeline, and each recorded step, answer, vote and order; needs a worker',
    )
    .action(
      verb(
        runtime,
        aboutIncident<ShowOptions>(async (options, id) => (await import('./show.ts')).showIncident(options, id)),
      ),
    );
  incident
    .command('watch <incident>')
    .description('the same as a page that stays up to date, until the incident is over')
    .option('--for <duration>', 'stop watching after this time', '24h')
    .action(
      verb(
        runtime,
        aboutIncident<WatchOptions>(async (options, id) =>
          (await import('./watch.ts')).watchIncident(runtime.screen, options, id),
        ),
      ),
    );
  incident
    .command('note <incident> <text>')
    .description('add a line to the timeline')
    .requiredOption('--by <name>', 'who says it')
    .option('--attach <file>', 'a file to keep with it by its digest, repeated for each', collect, [])
    .option('--say', 'tell it over every channel too: the next word that people wait for')
    .action(
      verb(
        runtime,
        aboutIncident<NoteOptions>(async (options, id, text = '') =>
          (await import('./tell.ts')).note(options, id, text),
        ),
      ),
    );
  incident
    .command('role <incident> <role> <name>')
    .description('hand a role over: commander, operations, communications or scribe')
    .requiredOption('--by <name>', 'who hands it over')
    .action(
      verb(
        runtime,
        aboutIncident<RoleOptions>(async (options, id, role = '', name = '') =>
          (await import('./tell.ts')).giveRole(options, id, role, name),
        ),
      ),
    );
  signing(incident.command('severity <incident> <severity>'))
    .description('raise the severity on your word, or lower it with the key of a committee member')
    .action(
      verb(
        runtime,
        aboutIncident<SeverityOptions>(async (options, id, severity = '') =>
          (await import('./severity.ts')).setSeverity(runtime.screen, options, id, severity),
        ),
      ),
    );
  incident
    .command('answer <incident>')
    .description('fill in the form that a run waits for')
    .requiredOption('--by <name>', 'who answers')
    .option('--step <step>', 'the step, when several forms are open')
    .option('--field <name=value>', 'one field, repeated for each', collect, [])
    .action(
      verb(
        runtime,
        aboutIncident<AnswerOptions>(async (options, id) => (await import('./hand.ts')).answer(options, id)),
      ),
    );
  incident
    .command('order <incident> <file>')
    .description('hand a signed order to the run that waits for one')
    .action(
      verb(
        runtime,
        aboutIncident<object>(async (options, id, file = '') =>
          (await import('./hand.ts')).giveOrder(options, id, file),
        ),
      ),
    );
  saying(incident.command('stop <incident>'))
    .description('end what runs now and leave the world as it is')
    .action(
      verb(
        runtime,
        aboutIncident<DecideOptions>(async (options, id) =>
          (await import('./decide.ts')).stop(runtime.screen, id, options),
        ),
      ),
    );
  signing(incident.command('undo <incident>'))
    .description('stop if need be, and take back what was done, the newest first; a member signs it')
    .action(
      verb(
        runtime,
        aboutIncident<DecideOptions>(async (options, id) =>
          (await import('./decide.ts')).undo(runtime.screen, id, options),
        ),
      ),
    );
  signing(incident.command('resume <incident> <step>'))
    .description('let a halted run go on from a step; a member signs it')
    .action(
      verb(
        runtime,
        aboutIncident<DecideOptions>(async (options, id, step = '') =>
          (await import('./decide.ts')).resume(runtime.screen, id, step, options),
        ),
      ),
    );
  saying(incident.command('close <incident>'))
    .description('end a halted run, or an incident whose run has failed, as it stands')
    .action(
      verb(
        runtime,
        aboutIncident<DecideOptions>(async (options, id) =>
          (await import('./decide.ts')).close(runtime.screen, id, options),
        ),
      ),
    );
}

const saying = (command: Command): Command =>
  command
    .requiredOption('--by <name>', 'who decides')
    .requiredOption('--reason <text>', 'why')
    .option('--yes', 'do it without asking');

/** Taking something back is signed, so that whoever reaches Temporal alone cannot do it. */
const signing = (command: Command): Command =>
  saying(command)
    .option('--key <key>', "a committee member's key: a file or a pkcs11: URI")
    .option('--chain <file>', 'committees after the pinned one, oldest first')
    .option('--network <file>', 'the pinned network file; default: that of the data folder');
