import { z } from 'zod';
import { type FailureTable, FirebreakFailure } from '../domain/errors/failure.ts';
import { remedyIn } from '../domain/errors/remedy.ts';
import { type PluginChoice, PluginHost } from './host.ts';

/** What a process says about one of its files: a line of JSON on standard output. */
export const checkedFile = z.union([
  z.object({ file: z.string(), ok: z.literal(true) }),
  z.object({ file: z.string(), ok: z.literal(false), code: z.string(), message: z.string(), remedy: z.string() }),
]);
export type CheckedFile = z.infer<typeof checkedFile>;

/** A loader names at most 20 problems of a file; what it quotes of the file is not ours to bound. */
const MESSAGE_LENGTH_MAX = 4_000;

/** How a process reads one of its files, and which plug-ins, with which settings, it would use then. */
export type SettingsReader<Config> = {
  readonly load: (file: string) => Config;
  readonly plugins: (config: Config) => readonly PluginChoice[];
  readonly tables: readonly FailureTable[];
};

/**
 * `main.ts check <file…>` of a process that reads settings: each file through the loader of the process, in its environment, and each section of
 * a plug-in through that plug-in. Starts nothing and opens no secret, as loaders and `parse` promise. The exit code: 0 when all are fine,
 * else 2. Throws `input.usage` without a file.
 */
export async function checkSettings<Config>(files: readonly string[], reader: SettingsReader<Config>): Promise<0 | 2> {
  if (files.length === 0) throw new FirebreakFailure('input.usage', 'name the files to read: check <file>…');
  const host = new PluginHost();
  const checked: CheckedFile[] = [];
  for (const file of files) checked.push(await checkOne(file, reader, host));
  process.stdout.write(checked.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return checked.every(({ ok }) => ok) ? 0 : 2;
}

async function checkOne<Config>(
  file: string,
  { load, plugins, tables }: SettingsReader<Config>,
  host: PluginHost,
): Promise<CheckedFile> {
  try {
    for (const choice of plugins(load(file))) await host.check(choice);
    return { file, ok: true };
  } catch (error) {
    // A fault of ours with one file must not hide what is wrong with the next.
    const code = error instanceof FirebreakFailure ? error.code : 'bug.unexpected';
    const said = error instanceof Error ? error.message : String(error);
    const message = said.length > MESSAGE_LENGTH_MAX ? `${said.slice(0, MESSAGE_LENGTH_MAX)}…` : said;
    return { file, ok: false, code, message, remedy: remedyIn(tables, code) };
  }
}
