import type { Command } from 'commander';

/** Options that say which network and whose rules are meant: whoever typed one means it for the next command too. */
const CARRIED = ['data', 'network', 'chain', 'identity', 'catalogue', 'library'] as const;

/** An option that was typed. */
export type Carried = {
  readonly flag: string;
  readonly value: string;
  /** Whether the command of these words has this option, with the same meaning. */
  readonly isTakenBy: (words: readonly string[]) => boolean;
};

/** What a command was given that the commands after it need as well; every verb has `--data`, whose default goes without saying. */
export function typedIn(command: Command, dataDefault: string): readonly Carried[] {
  const values = command.optsWithGlobals<Readonly<Record<string, unknown>>>();
  return CARRIED.flatMap((name) => {
    const value = values[name];
    if (command.getOptionValueSourceWithGlobals(name) !== 'cli' || typeof value !== 'string') return [];
    if (name === 'data') return value === dataDefault ? [] : carriedData(value);
    const flags = command.options.find((option) => option.attributeName() === name)?.flags;
    const isTakenBy = (words: readonly string[]): boolean =>
      commandOf(rootOf(command), words).options.some((option) => option.flags === flags);
    return [{ flag: `--${name}`, value, isTakenBy }];
  });
}

export const carriedData = (folder: string): readonly Carried[] => [
  { flag: '--data', value: folder, isTakenBy: () => true },
];

/** A sentence, or one command alone, with what was typed in each command of this tool that could be typed as it stands. */
export function withCarried(text: string, carried: readonly Carried[]): string {
  const add = (command: string): string => {
    if (/ --help\b/.test(command)) return command;
    const words = command.split(' ').slice(1);
    const missing = carried.filter(({ flag, isTakenBy }) => !words.includes(flag) && isTakenBy(words));
    return [command, ...missing.map(({ flag, value }) => `${flag} ${quoted(value)}`)].join(' ');
  };
  if (/^firebreak [a-z][^`]*$/.test(text)) return add(text);
  return text.replaceAll(/`(firebreak [a-z][^`]*)`/g, (_whole, command: string) => `\`${add(command)}\``);
}

/** What a shell would take apart is quoted. */
const quoted = (value: string): string => (/^[\w./~+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`);

const rootOf = (command: Command): Command => (command.parent === null ? command : rootOf(command.parent));

/** As far as the words name commands; what follows are arguments. */
function commandOf(command: Command, [word, ...rest]: readonly string[]): Command {
  const inner = command.commands.find((each) => each.name() === word);
  return inner === undefined ? command : commandOf(inner, rest);
}
