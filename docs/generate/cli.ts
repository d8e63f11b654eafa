import type { Argument, Command, Option } from 'commander';
import { EXIT, exitCodeOf } from '../../cli/exit.ts';
import { buildProgram } from '../../cli/program.ts';
import { type FailureCode, FirebreakFailure } from '../../domain/errors/failure.ts';
import { FAMILIES } from './errors.ts';
import { code, page, table } from './markdown.ts';

/** Options that every verb has, told once. */
const COMMON = new Set(['--json', '--data']);

export async function cliPage(): Promise<string> {
  const program = buildProgram();
  const introduction = [
    'The operator’s tool: `npm run firebreak -- <verb>`, or `firebreak <verb>` where it is installed.',
    'Every verb also has `--json` (one JSON object instead of lines) and `--data <dir>` (data folder of the network).',
  ].join('\n');
  const verbs = program.commands.flatMap((command) => sections(command, 'firebreak'));
  return page('Command line', introduction, [exitCodes(), ...verbs]);
}

const MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.done, 'Done. What was asked about is as it should be.'],
  [EXIT.refused, 'Refused or failed; the message says why and what to do.'],
  [EXIT.usage, 'Wrong usage or input: nothing was changed.'],
  [EXIT.unreachable, 'Somebody did not answer or a resource is missing: the same command may succeed later.'],
];

/** Asked of the rule itself, so that the page cannot promise another one. */
function exitCodes(): string {
  const families = Object.keys(FAMILIES);
  const endingWith = (wanted: number): string =>
    families
      .filter((family) => exitCodeOf(new FirebreakFailure(`${family}.any` as FailureCode, '')) === wanted)
      .map(code)
      .join(', ');
  const rows = MEANINGS.map(([number, meaning]) => [String(number), meaning, endingWith(number)]);
  return [
    '## Exit codes',
    'The family of a failure’s code, the word before its dot ([errors](errors.md)), decides.',
    table(['exit code', 'meaning', 'families'], rows),
    'Verbs that ask a question answer by it too: `status` and `validator status` end with 3 when too few, or not all, validators answer; ' +
      '`doctor`, `validator journal check` and every `verify` end with 1 when they found something. `validator run` that is refused a start ends with 2 whatever the family.',
  ].join('\n\n');
}

function sections(command: Command, parent: string): readonly string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((child) => sections(child, name));
  const usage = [name, ...command.registeredArguments.map(argumentText), '[options]'].join(' ');
  const rows = command.options.filter((option) => !option.hidden && !COMMON.has(option.long ?? '')).map(optionRow);
  const parts = [`## ${name}`, sentence(command.description()), code(usage)];
  if (command.registeredArguments.length > 0) {
    parts.push(
      table(
        ['argument', 'meaning'],
        command.registeredArguments.map((each) => [code(each.name()), each.description]),
      ),
    );
  }
  if (rows.length > 0) parts.push(table(['option', 'meaning', 'default'], rows));
  return [parts.join('\n\n')];
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionRow(option: Option): readonly string[] {
  const usual =
    option.defaultValue === undefined || option.defaultValue === false ? '' : JSON.stringify(option.defaultValue);
  const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
  const required = option.mandatory ? ' Required.' : '';
  return [code(option.flags), `${option.description}${choices}${required}`, code(usual)];
}

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
