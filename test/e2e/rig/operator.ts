import { runCommandLine } from '../../../cli/command-line.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';

/** What a verb printed and how it ended; `data` is what `--json` gave. */
export type Answer = {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/**
 * One command line as an operator types it, through the tool's own parser, in this process: starting Node for each of a hundred
 * verbs would cost minutes. `--json` is added.
 */
export async function operator(args: readonly string[]): Promise<Answer> {
  let out = '';
  let err = '';
  let code = 0;
  const screen = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    colour: false,
    interactive: false,
  };
  await runCommandLine([...args, '--json'], { screen, exit: (given) => void (code = given) });
  return { code, out, err, data: readLine(out) };
}

export const on = (live: Pick<LiveNetwork, 'data'>, ...args: readonly string[]): Promise<Answer> =>
  operator([...args, '--data', live.data]);

/** The code of the refusal that was printed; undefined when it was done. */
export const refusalIn = ({ data }: Answer): string | undefined =>
  (data['error'] as { readonly code?: string } | undefined)?.code;

/** The answer of a verb that must succeed. */
export async function done(answer: Promise<Answer>): Promise<Answer['data']> {
  const { code, data, out, err } = await answer;
  if (code !== 0) throw new Error(`the verb ended with ${code}: ${out}${err}`);
  return data;
}

function readLine(out: string): Answer['data'] {
  try {
    return JSON.parse(out) as Answer['data'];
  } catch {
    return {};
  }
}
