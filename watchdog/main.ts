import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { awake } from '../telemetry/awake.ts';
import { createLogger } from '../telemetry/log.ts';
import { loadWatchdogConfig } from './config.ts';
import { runWatchdog } from './run.ts';

/**
 * `main.ts run --config watchdog.toml`. The only place of the watchdog that reads its environment.
 * Exit codes: 0 stopped on request · 1 failed while running · 2 wrong usage or configuration, nothing changed.
 */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    const [verb, ...args] = process.argv.slice(2);
    if (verb !== 'run') throw new FirebreakFailure('input.usage', 'write `run`');
    const { values } = parseArgs({ args, options: { config: { type: 'string', default: 'watchdog.toml' } } });
    await runWatchdog(
      loadWatchdogConfig(values.config, (name) => process.env[name]),
      stop.signal,
    );
    return 0;
  } catch (error) {
    createLogger({ name: 'watchdog' }).error(
      { err: error },
      error instanceof Error ? error.message : 'the watchdog failed',
    );
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    return usage || (error instanceof FirebreakFailure && error.family === 'input') ? 2 : 1;
  }
}

process.exitCode = await awake(main());
