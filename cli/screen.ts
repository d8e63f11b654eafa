import { styleText } from 'node:util';

/** Where a verb's words go and how they may look; replaced by an array in tests. */
export type Screen = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly colour: boolean;
  /** Both ends are a terminal: only then may a question be asked. */
  readonly interactive: boolean;
};

export const terminal = (env: NodeJS.ProcessEnv = process.env): Screen => ({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  colour: process.stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
});

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'strong';
const STYLES = { good: 'green', bad: 'red', warn: 'yellow', quiet: 'dim', strong: 'bold' } as const;

/** The words carry the meaning; colour only repeats it. */
export const paint = (screen: Pick<Screen, 'colour'>, tone: Tone, text: string): string =>
  screen.colour ? styleText(STYLES[tone], text, { validateStream: false }) : text;
