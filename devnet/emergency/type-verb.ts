import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { leanNodeFlags } from '../../toolchain/lean-node.mjs';
import { plainEnvironment } from '../supervisor/launch.ts';

const TOOL = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const VERB_MS = 120_000;
const OUTPUT_BYTES_MAX = 16_777_216;

export type Typed = Readonly<Record<string, unknown>>;

/**
 * One command of the tool in a process of its own, typed in somebody's own folder; gives what it printed with `--json`. A refusal is
 * thrown with the code that the process named.
 */
export function typeVerb(folder: string, args: readonly string[]): Promise<Typed> {
  const options = {
    cwd: folder,
    env: plainEnvironment(),
    timeout: VERB_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  } as const;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...leanNodeFlags, TOOL, ...args, '--json'], options, (error, stdout, stderr) => {
      const said = readable(stdout);
      if (error === null && said !== undefined) resolve(said);
      else reject(refusal(args, said, stderr));
    });
  });
}

function refusal(args: readonly string[], said: Typed | undefined, stderr: string): FirebreakFailure {
  const { code, message } = (said?.['error'] ?? {}) as { readonly code?: string; readonly message?: string };
  const verb = args.slice(0, 2).join(' ');
  return new FirebreakFailure(
    'unknown-outcome.story',
    `firebreak ${verb}: ${code === undefined ? stderr.trim().slice(-300) || 'ended without an answer' : `${code}, ${message}`}`,
  );
}

function readable(text: string): Typed | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Typed) : undefined;
  } catch {
    return undefined;
  }
}
