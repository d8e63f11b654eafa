import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { asTyped, refusedText } from '../domain/errors/remedy.ts';
import { pluginsDurableFileFailures } from '../plugins/failures.ts';
import { pluginsHostFailures } from '../plugins/host/failures.ts';
import { checkSettings, type SettingsReader } from '../plugins/settings-check.ts';
import { awake } from '../telemetry/awake.ts';
import { createLogger } from '../telemetry/log.ts';
import { type WatchdogConfig, loadWatchdogConfig } from './config.ts';
import { watchdogFailures } from './failures.ts';
import { initWatchdog } from './init.ts';
import { runWatchdog } from './run.ts';

/**
 * `main.ts run --config watchdog.toml` · `main.ts init --dir <folder> --webhook <url> …` · `main.ts check <watchdog.toml>…`. The only
 * place of the watchdog that reads its environment. Exit codes: 0 stopped on request or done · 1 failed while running · 2 wrong usage or
 * configuration, or a folder that `init` cannot write; nothing changed.
 */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const [verb, ...args] = process.argv.slice(2);
  try {
    if (verb === 'init') return await init(args);
    if (verb === 'check') return await checkSettings(args, READER);
    if (verb !== 'run') throw new FirebreakFailure('input.usage', 'write `run`, `init` or `check`');
    const { values } = parseArgs({ args, options: { config: { type: 'string', default: 'watchdog.toml' } } });
    await runWatchdog(load(values.config), stop.signal);
    return 0;
  } catch (error) {
    const refusal = error instanceof FirebreakFailure ? error : undefined;
    if (verb === 'init' && refusal !== undefined) return sayRefused(refusal);
    createLogger({ name: 'watchdog' }).error(
      { err: error },
      error instanceof Error ? error.message : 'the watchdog failed',
    );
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    return usage || refusal?.family === 'input' ? 2 : 1;
  }
}

async function init(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      dir: { type: 'string', default: '.' },
      network: { type: 'string', default: 'laptop' },
      environment: { type: 'string', default: 'production' },
      temporal: { type: 'string', default: '127.0.0.1:7233' },
      api: { type: 'string', default: 'http://127.0.0.1:9090' },
      webhook: { type: 'string' },
    },
  });
  const { webhook, ...rest } = values;
  if (webhook === undefined)
    throw new FirebreakFailure(
      'input.usage',
      'name where pages go: --webhook <url>; a watchdog that reaches nobody is none',
    );
  const { configFile, secretFile } = await initWatchdog({ ...rest, webhook });
  for (const line of [
    `wrote ${configFile}`,
    `wrote ${secretFile} (a fresh secret; give it to the receiver of pages)`,
    'add channels that go other ways: docs/reference/configuration.md',
    `next: ${asTyped(`firebreak watchdog run --config ${configFile}`, process.env['npm_lifecycle_event'])}`,
  ])
    process.stdout.write(`${line}\n`);
  return 0;
}

function sayRefused(refusal: FirebreakFailure): number {
  const tables = [watchdogFailures, pluginsDurableFileFailures, pluginsHostFailures];
  process.stderr.write(refusedText(refusal, tables, process.env['npm_lifecycle_event']));
  return refusal.family === 'bug' ? 1 : 2;
}

const load = (file: string): WatchdogConfig => loadWatchdogConfig(file, (name) => process.env[name]);
const READER: SettingsReader<WatchdogConfig> = {
  load,
  plugins: ({ channels }) => Object.values(channels),
  tables: [watchdogFailures, pluginsHostFailures],
};

process.exitCode = await awake(main());
