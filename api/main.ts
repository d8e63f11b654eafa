import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { asTyped, refusedText } from '../domain/errors/remedy.ts';
import { pluginsDurableFileFailures } from '../plugins/failures.ts';
import { pluginsHostFailures } from '../plugins/host/failures.ts';
import { checkSettings, type SettingsReader } from '../plugins/settings-check.ts';
import { awake } from '../telemetry/awake.ts';
import { createLogger } from '../telemetry/log.ts';
import { type ApiConfig, loadApiConfig } from './config.ts';
import { apiFailures } from './failures.ts';
import { initApi } from './init.ts';
import { startApi } from './run.ts';

/**
 * `main.ts run --config api.toml` · `main.ts init --dir <folder> …` · `main.ts check <api.toml>…`. The only place of the api that reads
 * its environment.
 * Exit codes: 0 stopped on request or done · 1 failed while running · 2 wrong usage or configuration, or a folder that `init` cannot write; nothing changed.
 */
async function main(): Promise<number> {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const [verb, ...args] = process.argv.slice(2);
  try {
    if (verb === 'init') {
      const { values } = parseArgs({
        args,
        options: {
          dir: { type: 'string', default: '.' },
          network: { type: 'string', default: 'laptop' },
          temporal: { type: 'string', default: '127.0.0.1:7233' },
          playbooks: { type: 'string' },
        },
      });
      const { configFile, secretFiles } = await initApi(values);
      for (const line of [
        `wrote ${configFile}`,
        ...secretFiles.map((file) => `wrote ${file} (a fresh secret; give it to the sender)`),
      ])
        process.stdout.write(`${line}\n`);
      process.stdout.write(
        `next: ${asTyped(`firebreak api run --config ${configFile}`, process.env['npm_lifecycle_event'])}\n`,
      );
      return 0;
    }
    if (verb === 'check') return await checkSettings(args, READER);
    if (verb !== 'run') throw new FirebreakFailure('input.usage', 'write `run`, `init` or `check`');
    const { values } = parseArgs({ args, options: { config: { type: 'string', default: 'api.toml' } } });
    const api = await startApi(load(values.config), stop.signal);
    await stopped;
    await api.stop();
    return 0;
  } catch (error) {
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    const refusal = error instanceof FirebreakFailure ? error : undefined;
    if (verb === 'init' && refusal !== undefined) return sayRefused(refusal);
    createLogger({ name: 'api' }).error({ err: error }, error instanceof Error ? error.message : 'the api failed');
    return usage || (refusal !== undefined && ['input', 'conflict'].includes(refusal.family)) ? 2 : 1;
  }
}

function sayRefused(refusal: FirebreakFailure): number {
  const tables = [apiFailures, pluginsDurableFileFailures];
  process.stderr.write(refusedText(refusal, tables, process.env['npm_lifecycle_event']));
  return refusal.family === 'bug' ? 1 : 2;
}

const load = (file: string): ApiConfig => loadApiConfig(file, (name) => process.env[name]);
const READER: SettingsReader<ApiConfig> = {
  load,
  plugins: ({ blobs, sources }) => [blobs, ...sources.map(({ plugin }) => plugin)],
  tables: [apiFailures, pluginsHostFailures],
};

process.exitCode = await awake(main());
